import { blockFromRows, silentLogger } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import type { GatewayState } from "../gateway-state.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import { ResultSamples } from "./result-samples.ts";

test("a block that can't be read shows nothing, and is no fault of its result", () => {
  let rows = encodeBlock(blockFromRows([{ n: 1 }]));
  const state = { clock: { now: () => 5_000 }, log: silentLogger, inputs: { rowsOf: () => rows } } as unknown as GatewayState;
  const samples = new ResultSamples(state);
  const job = { name: "job", sampledAt: -Infinity, samples: [], description: { segments: [{ plan: { spec: { kind: "declarative" } } }] } } as unknown as GatewayJob;
  const see = (): void => samples.see(job, { job: "job", segment: 0, block: 0, first: 0, rows: 1 }, encodeBlock(blockFromRows([{ twice: 2 }])), []);
  see();
  expect(job.samples).toEqual([{ n: 1, twice: 2 }]);
  rows = rows.slice(0, 100);
  job.sampledAt = -Infinity;
  see();
  expect(job.samples).toHaveLength(1);
});
