import type { SegmentSnapshot, Snapshot } from "@shoal/cluster";
import { blockStates, type BlockState } from "./block-states.ts";

/** A map of blocks as two columns: run by run its state, as a place in `blockStates`, and how many blocks it has. */
export interface PackedRuns {
  readonly states: Uint8Array<ArrayBuffer>;
  readonly blocks: Uint32Array<ArrayBuffer>;
}

/** A snapshot whose maps are packed: what crosses from the thread that reads to the one that draws, without a copy of a million runs. */
export interface PackedSnapshot extends Omit<Snapshot, "jobs"> {
  readonly jobs: readonly PackedJob[];
}

export interface PackedJob extends Omit<Snapshot["jobs"][number], "segments"> {
  readonly segments: readonly PackedSegment[];
}

export interface PackedSegment extends Omit<SegmentSnapshot, "map"> {
  readonly map: PackedRuns;
}

const places = new Map<string, number>(blockStates.map((state, place) => [state, place]));
const waiting = blockStates.indexOf("r" satisfies BlockState);

/** Packs a map. An unknown state counts as waiting; what is no run is left out. */
export function packRuns(map: readonly unknown[]): PackedRuns {
  const states = new Uint8Array(map.length);
  const blocks = new Uint32Array(map.length);
  let length = 0;
  for (const run of map) {
    if (!Array.isArray(run) || typeof run[0] !== "string" || !Number.isSafeInteger(run[1]) || run[1] <= 0) continue;
    states[length] = places.get(run[0]) ?? waiting;
    blocks[length++] = run[1] as number;
  }
  return length === map.length ? { states, blocks } : { states: states.slice(0, length), blocks: blocks.slice(0, length) };
}

/** What may be handed over instead of copied. */
export function buffersOf({ jobs }: PackedSnapshot): ArrayBuffer[] {
  return jobs.flatMap(({ segments }) => segments.flatMap(({ map }) => [map.states.buffer, map.blocks.buffer]));
}
