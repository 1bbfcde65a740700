// Every code cell of Ray Data's tutorial "Batch Inference Basics", in its order.
import { existsSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fromColumns, fromItems } from "shoal";
import { assertBatch, completer, counting, prepare, whoAmI } from "./predictors.ts";

test("two prompts, a class, two actors, show(1)", async () => {
  const predictions = fromColumns(["Complete this", "for me"]).mapBatches(completer, { concurrency: 2 });
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  await predictions.show(1);
  expect(print).toHaveBeenCalledTimes(1);
  expect(print.mock.calls[0]?.[0]).toMatch(/data: 'Complete this',\s+output: 'Complete this./);
  print.mockRestore();

  const rows = await predictions.takeAll();
  expect(rows.map((row) => row.data)).toEqual(["Complete this", "for me"]);
  for (const row of rows) expect(row.output.startsWith(row.data)).toBe(true);
});

test("10,000 rows in 1,000 blocks: predict receives them all, every actor some", async () => {
  const dataset = fromColumns(new Array<string>(10_000).fill("Today's weather")).repartition(1000);
  const predictions = dataset.mapBatches(counting, { concurrency: 20 });
  const actors = new Map<number, number>();
  const texts = new Set<string>();
  let rows = 0;
  for await (const row of predictions.iterRows({ resources: { cpus: 2 } })) {
    rows++;
    expect(row.batchRows).toBeLessThanOrEqual(10);
    texts.add(row.output);
    actors.set(row.actor, (actors.get(row.actor) ?? 0) + 1);
  }
  expect(rows).toBe(10_000);
  expect([...texts]).toHaveLength(1);
  // 2 of 20 actors fit: 2 CPUs.
  expect(actors.size).toBe(2);
  expect(predictions.stats()).toContain("2 of 20 actors fit");
}, 120_000);

// A software driver comes with Chromium; VK_ICD_FILENAMES names another. Mesa's older ones are refused by the WebGPU library.
const driver = process.env["VK_ICD_FILENAMES"] ?? ["/usr/lib/chromium/vk_swiftshader_icd.json"].find((path) => existsSync(path));
if (driver === undefined) console.warn("The GPU cell on native WebGPU is left out: no Vulkan driver (Debian: apt-get install chromium libvulkan1).");

test.skipIf(driver === undefined)("GPUs: two actors of one GPU each, on native WebGPU (software driver)", async () => {
  process.env["VK_ICD_FILENAMES"] ??= driver;
  const rows = await fromColumns(["Large language models", "Text completion models"])
    .mapBatches(completer, { numGpus: 1, batchSize: 1, concurrency: 2, device: "webgpu" })
    .takeAll(Infinity, { resources: { gpus: 2 } });
  expect(rows.map((row) => row.data)).toEqual(["Large language models", "Text completion models"]);
  const onCpu = await fromColumns(["Large language models", "Text completion models"]).mapBatches(completer).takeAll();
  expect(rows.map((row) => row.output)).toEqual(onCpu.map((row) => row.output));
}, 120_000);

test("GPUs: where there is none, the run fails before anything is read", async () => {
  let read = 0;
  const dataset = fromItems([{ data: "x" }]).map((row) => (read++, row)).mapBatches(completer, { numGpus: 1, batchSize: 1, concurrency: 2 });
  await expect(dataset.show(1, { resources: { gpus: 0 } })).rejects.toMatchObject({ code: "resources-do-not-fit", message: expect.stringMatching(/1 GPU.*no GPU/s) as string });
  expect(read).toBe(0);
});

test("batchSize: 2 is asserted inside the predictor on ten rows of a hundred ones", async () => {
  const ones = Array.from({ length: 10 }, () => new Float64Array(100).fill(1));
  const rows = await fromColumns({ data: ones }).mapBatches(assertBatch, { batchSize: 2 }).takeAll();
  expect(rows).toHaveLength(10);
  expect(rows[9]?.data).toHaveLength(100);
});

test("preprocessing in a stage of its own overlaps with the model", async () => {
  const dataset = fromColumns(Array.from({ length: 2000 }, (_, at) => `story ${at}`)).mapBatches(prepare, { batchSize: 32 }).mapBatches(counting);
  const rows = await dataset.takeAll();
  expect(rows).toHaveLength(2000);
  expect(rows[7]?.data).toMatch(/^story 7 [0-9a-f]{4}$/);
  expect(dataset.explain().match(/actor-pool/g)).toHaveLength(2);
  // The last rows were still being prepared when the first had been through the model.
  expect(Math.max(...rows.map((row) => row.prepared))).toBeGreaterThan(Math.min(...rows.map((row) => row.completed)));
});

test("5 CPUs per actor: 3 actors fit a run declared to have 16, none one of 2", async () => {
  const dataset = fromColumns(Array.from({ length: 64 }, (_, at) => `row ${at}`)).repartition(32).mapBatches(whoAmI, { numCpus: 5, concurrency: 12 });
  const rows = await dataset.takeAll(Infinity, { resources: { cpus: 16 } });
  expect(rows.map((row) => row.data)).toEqual(Array.from({ length: 64 }, (_, at) => `row ${at}`));
  expect(new Set(rows.map((row) => row.actor)).size).toBe(3);
  await expect(dataset.takeAll(Infinity, { resources: { cpus: 2 } })).rejects.toMatchObject({
    code: "resources-do-not-fit",
    message: expect.stringMatching(/5 CPUs.*2 CPUs/s) as string,
  });
});
