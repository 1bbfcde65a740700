/** The states of blocks in the order in which a cell stacks them, from its foot; `n` is a block that the driver has not read yet. */
export const blockStates = ["d", "c", "l", "r", "n", "s", "q", "t"] as const;
export type BlockState = (typeof blockStates)[number];

export const stateWords: Readonly<Record<BlockState, string>> = {
  d: "done", c: "committing", l: "computing", r: "waiting", n: "not read yet", s: "split", q: "quarantined in part", t: "troubled",
};

export type Runs = readonly (readonly [state: string, blocks: number])[];

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
export function countBlocks(runs: Runs, total = 0): number {
  return Math.max(total, runs.reduce((sum, [, blocks]) => sum + blocks, 0));
}

/** Counts a map's blocks by cell. Takes time by runs and cells, not by blocks. An unknown state counts as waiting. */
export function fillCells(runs: Runs, blocksPerCell: number, total = 0): Cells {
  const blocks = countBlocks(runs, total);
  const cells = Math.ceil(blocks / blocksPerCell);
  const counts = new Uint32Array(cells * blockStates.length);
  const sums = { d: 0, c: 0, l: 0, r: 0, n: 0, s: 0, q: 0, t: 0 };
  let at = 0;
  const add = (state: BlockState, run: number) => {
    const offset = blockStates.indexOf(state);
    sums[state] += run;
    for (const end = at + run; at < end; ) {
      const cell = Math.floor(at / blocksPerCell);
      const here = Math.min(end, (cell + 1) * blocksPerCell) - at;
      counts[cell * blockStates.length + offset] = (counts[cell * blockStates.length + offset] as number) + here;
      at += here;
    }
  };
  for (const [state, run] of runs) add(isState(state) ? state : "r", run);
  if (at < blocks) add("n", blocks - at);
  return { blocks, cells, blocksPerCell, counts, sums };
}

function isState(state: string): state is BlockState {
  return (blockStates as readonly string[]).includes(state);
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
