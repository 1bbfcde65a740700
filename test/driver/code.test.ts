import { startCoordinator } from "@shoal/coordinator";
import { connect, fromItems } from "shoal";
import { startAgent } from "shoal/agent";
import { expect, test } from "vitest";
import { words } from "./fixtures/words.ts";

test("a predictor of one's own goes as code to a worker that allows it, and to no other", { timeout: 120_000 }, async () => {
  await using coordinator = await startCoordinator({ name: "the shed" });
  const workers = await Promise.all([true, false].map(async (allowCode, at) => startAgent(await coordinator.link(["work"]), { label: allowCode ? "trusting" : "careful", name: `code-${at}`, resources: { cpus: 1 }, allowCode })));
  await using cluster = await connect(await coordinator.link(["submit"]), { code: true });
  const counted = fromItems(Array.from({ length: 200 }, (_, id) => ({ text: "a ".repeat(1 + (id % 5)).trim() }))).mapBatches(words, { args: { least: 2 }, batchSize: 20 });
  expect(counted.explain({ on: cluster })).toContain("words: any device, memory not stated, code words.ts#words");
  const rows = await counted.takeAll(Infinity, { on: cluster });
  expect(rows.slice(0, 5)).toEqual([{ text: "a", words: "2 words" }, { text: "a a", words: "2 words" }, { text: "a a a", words: "3 words" }, { text: "a a a a", words: "4 words" }, { text: "a a a a a", words: "5 words" }]);
  expect(rows).toHaveLength(200);
  expect(counted.stats()).toMatch(/rows by worker: trusting 200/);
  await Promise.all(workers.map((worker) => worker.drain("the test is over")));
});
