import type { Datasink } from "@shoal/core";
import { expect, test } from "vitest";
import { runToSink } from "./run-to-sink.ts";
import { noActors, scan, numbered, thrown } from "./operators/operator-plans.fixture.ts";

test("a run that fails, and can't remove what it wrote, says both", async () => {
  const failing = (text: string) => () => Promise.reject(new Error(text));
  const sink: Datasink = { name: "own", open: async () => ({ write: async () => {}, writeDeadLetters: async () => {}, publish: failing("boom"), discard: failing("held") }) };
  const error = await thrown(runToSink(scan(...numbered(2, 2)), sink, { host: noActors, resources: { cpus: 1, gpus: 0, memory: 2 ** 30 } }));
  expect([error.code, error.message]).toEqual(["discard-failed", expect.stringMatching(/The run failed: boom\. What it had written could not be removed either: held/) as string]);
});
