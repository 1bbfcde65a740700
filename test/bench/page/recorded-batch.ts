import type { OnnxFeeds } from "@shoal/core";

/** What a session was fed. */
export type RecordedBatch = OnnxFeeds;

/** The channel that recording actors tell it on. */
export const recordings = "shoal-bench-batches";
