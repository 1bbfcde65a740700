import { expect, test } from "vitest";
import { failedResult } from "../pool/retry.ts";
import { PoolRecorder } from "./stage-recorder.ts";

test("a pool's share of busy time counts the actors there were at each moment", () => {
  let now = 0;
  const recorder = new PoolRecorder({ now: () => now });
  recorder.resized(1);
  now = 1000;
  recorder.resized(3);
  now = 2000;
  recorder.resized(0);
  recorder.add({ ...failedResult([]), predictMs: 2000, batches: [{ rows: 8, ms: 1, failed: false }, { rows: 8, ms: 1, failed: true }, { rows: 4, ms: 1, failed: false, part: true }, { rows: 32, ms: 1, failed: false }], counts: { realTokens: 30, paddedTokens: 40 } });
  now = 9000;
  expect(recorder.stats(9000)).toMatchObject({ actors: 3, utilisation: 0.5, batches: 3, failedBatches: 1, batchRows: { min: 8, median: 32, max: 32 }, paddingEfficiency: 0.75 });
});
