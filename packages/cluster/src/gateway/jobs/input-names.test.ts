import { expect, test } from "vitest";
import { sha256Of } from "../../engine/blob-bytes.ts";
import { memoryEngine } from "../../engine/memory/memory-engine.ts";
import { PassingResults } from "../results/passing-results.ts";
import type { GatewayJob } from "./gateway-job.ts";
import { InputNames, type OfferedRows } from "./input-names.ts";

const jobOf = (job: string, passing: boolean): GatewayJob => ({ name: job, description: { job, passing } }) as unknown as GatewayJob;
const secret = new Uint8Array(32).fill(7);
const passing = jobOf("job", true);
const offered: OfferedRows = { place: { segment: 0, block: 11 }, rows: 2, payload: new Uint8Array([1, 2, 3]) };
const engine = memoryEngine();
const names = new InputNames(new PassingResults(engine, 1), secret);

test("rows are named by their bytes, wherever anybody may come back to them", async () => {
  const ofBytes = await sha256Of(new Uint8Array([1, 2, 3]));
  const kept = new InputNames(new PassingResults({ ...engine, keepsLedgers: true }, 1), secret);
  expect([names.of(jobOf("job", false), offered), kept.of(passing, offered), await kept.of(passing, offered)]).toEqual([ofBytes, ofBytes, ofBytes]);
});

test("rows that pass are named by their place and size: alike for all who have the secret, and like no others", async () => {
  const name = await names.of(passing, offered);
  expect(name).toMatch(/^[0-9a-f]{64}$/);
  expect(new InputNames(new PassingResults(memoryEngine(), 9), secret.slice()).of(passing, { ...offered, payload: new Uint8Array(3) })).toBe(name);
  const { place, payload } = offered;
  const others = [
    names.of(jobOf("job 2", true), offered), names.of(passing, { ...offered, place: { ...place, block: 1 } }), names.of(passing, { ...offered, place: { segment: 1, block: 1 } }),
    names.of(passing, { ...offered, rows: 3 }), names.of(passing, { ...offered, payload: payload.subarray(1) }), new InputNames(new PassingResults(engine, 1), new Uint8Array(32)).of(passing, offered),
  ];
  expect(new Set([name, ...others]).size).toBe(7);
});
