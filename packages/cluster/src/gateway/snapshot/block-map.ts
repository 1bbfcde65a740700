import type { OpenBlock, Segment } from "../../scheduler/state.ts";
import type { JobSegment } from "../jobs/gateway-job.ts";

export type BlockState = "d" | "c" | "l" | "r" | "t" | "s" | "q";

/** Runs at most: what is beyond is left out. */
const mostRuns = 4_096;

/** The state of each block from the first on, runs of equal ones as one. Costs as much as there are blocks that are open or done early, whatever their numbers. */
export function blockMap(segment: Segment, counted: Pick<JobSegment, "quarantined">): readonly (readonly [state: BlockState, blocks: number])[] {
  const runs: [BlockState, number][] = [];
  const add = (state: BlockState, blocks: number): void => {
    const last = runs.at(-1);
    if (blocks <= 0) return;
    if (last?.[0] === state) last[1] += blocks;
    else runs.push([state, blocks]);
  };
  const { committed, open } = segment;
  let at = 0;
  for (const block of [...counted.quarantined].sort((a, b) => a - b)) {
    if (block >= committed.below) break;
    add("d", block - at);
    add("q", 1);
    at = block + 1;
  }
  add("d", committed.below - at);
  at = committed.below;
  for (const block of Float64Array.from([...committed.early, ...open.keys()]).sort()) {
    if (runs.length >= mostRuns) break;
    // Done, and open still.
    if (block < at) continue;
    add("r", block - at);
    const one = open.get(block);
    add(one !== undefined ? stateOf(one) : counted.quarantined.has(block) ? "q" : "d", 1);
    at = block + 1;
  }
  return runs;
}

function stateOf({ parts, rows }: OpenBlock): BlockState {
  if (parts.some((part) => part.place === "troubled")) return "t";
  if (parts.length !== 1 || parts[0]?.rows !== rows) return "s";
  const [{ committing, attempts }] = parts;
  if (committing !== undefined) return "c";
  return attempts.length > 0 ? "l" : "r";
}

/** How many blocks are in which state. */
export function countBlocks(segment: Segment): { readonly ready: number; readonly leased: number; readonly committing: number; readonly done: number; readonly troubled: number } {
  const counts = { ready: 0, leased: 0, committing: 0, done: segment.committed.size, troubled: 0 };
  for (const block of segment.open.values()) {
    if (block.parts.some((part) => part.place === "troubled")) counts.troubled++;
    else if (block.parts.some(({ attempts }) => attempts.length > 0)) counts.leased++;
    else if (block.parts.some(({ committing }) => committing !== undefined)) counts.committing++;
    else counts.ready++;
  }
  return counts;
}
