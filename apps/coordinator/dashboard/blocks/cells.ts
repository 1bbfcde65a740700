import { blockStates, stateWords, type BlockState } from "./block-states.ts";
import type { PackedRuns } from "./packed-runs.ts";

/** How a map is laid out: square cells in rows, from the left and from the top, each standing for some consecutive blocks. */
export interface Grid {
  /** From one cell to the next, in CSS pixels. */
  readonly pitch: number;
  readonly columns: number;
  readonly rows: number;
  readonly blocksPerCell: number;
}

/** How many blocks of each state stand in each cell: `counts[cell * blockStates.length + state]`. */
export interface Cells {
  readonly blocks: number;
  readonly cells: number;
  readonly blocksPerCell: number;
  readonly counts: Uint32Array;
  /** Over all cells. */
  readonly sums: Readonly<Record<BlockState, number>>;
}

const pitches = [20, 17, 14, 12, 11, 10, 9, 8];
const roundSteps = [1, 2, 3, 4, 5, 6, 8];

/** As few blocks to a cell as fit, a round number of them, and then the largest cells that do. */
export function chooseGrid(blocks: number, width: number, maxHeight: number): Grid {
  const columnsOf = (pitch: number) => Math.max(1, Math.floor(width / pitch));
  const roomOf = (pitch: number) => columnsOf(pitch) * Math.max(1, Math.floor(maxHeight / pitch));
  const blocksPerCell = roundUp(blocks / roomOf(pitches.at(-1) as number));
  const cells = Math.ceil(blocks / blocksPerCell);
  const pitch = pitches.find((size) => roomOf(size) >= cells) ?? (pitches.at(-1) as number);
  return { pitch, columns: columnsOf(pitch), rows: Math.max(1, Math.ceil(cells / columnsOf(pitch))), blocksPerCell };
}

function roundUp(least: number): number {
  for (let scale = 1; ; scale *= 10) for (const step of roundSteps) if (step * scale >= least) return step * scale;
}

/** All blocks that a map speaks of: those that it has, and those to come where their number is known. */
export function countBlocks({ blocks }: PackedRuns, total = 0): number {
  let sum = 0;
  for (const run of blocks) sum += run;
  return Math.max(total, sum);
}

/** Counts a map's blocks by cell. Takes time by runs and cells, not by blocks. */
export function fillCells(runs: PackedRuns, blocksPerCell: number, total = 0): Cells {
  const blocks = countBlocks(runs, total);
  const cells = Math.ceil(blocks / blocksPerCell);
  const width = blockStates.length;
  const counts = new Uint32Array(cells * width);
  const sums = new Float64Array(width);
  let at = 0;
  const add = (state: number, run: number) => {
    sums[state] = (sums[state] as number) + run;
    for (const end = at + run; at < end; ) {
      const cell = Math.floor(at / blocksPerCell);
      const here = Math.min(end, (cell + 1) * blocksPerCell) - at;
      counts[cell * width + state] = (counts[cell * width + state] as number) + here;
      at += here;
    }
  };
  for (let run = 0; run < runs.blocks.length; run++) add(runs.states[run] as number, runs.blocks[run] as number);
  if (at < blocks) add(blockStates.indexOf("n"), blocks - at);
  return { blocks, cells, blocksPerCell, counts, sums: Object.fromEntries(blockStates.map((state, place) => [state, sums[place] as number])) as Record<BlockState, number> };
}

/** What a cell stands for: "Block 12: computing", "Blocks 1,200–1,209: 8 done, 2 computing". Blocks are numbered from 0, as in messages. */
export function describeCell({ blocks, blocksPerCell, counts }: Cells, cell: number): string {
  const first = cell * blocksPerCell;
  const last = Math.min(blocks, first + blocksPerCell) - 1;
  const present = blockStates.map((state, index) => [state, counts[cell * blockStates.length + index] as number] as const).filter(([, count]) => count > 0);
  if (first === last) return `Block ${first.toLocaleString("en")}: ${present.map(([state]) => stateWords[state]).join()}`;
  const range = `Blocks ${first.toLocaleString("en")}–${last.toLocaleString("en")}`;
  if (present.length === 1) return `${range}: all ${stateWords[present[0]?.[0] ?? "r"]}`;
  return `${range}: ${present.map(([state, count]) => `${count.toLocaleString("en")} ${stateWords[state]}`).join(", ")}`;
}

/** The cell at a place in the map, in CSS pixels; undefined where there is none. */
export function cellAt({ pitch, columns }: Grid, cells: number, x: number, y: number): number | undefined {
  const column = Math.floor(x / pitch);
  if (x < 0 || y < 0 || column >= columns) return undefined;
  const cell = Math.floor(y / pitch) * columns + column;
  return cell < cells ? cell : undefined;
}
