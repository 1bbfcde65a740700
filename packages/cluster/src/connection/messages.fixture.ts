import type { ErrorData } from "@shoal/core";
import type { SegmentPlan } from "@shoal/planner";
import { protocolVersion, type DriverToGateway, type GatewayToDriver, type GatewayToWorker, type ResultStats, type SegmentDescription, type WorkerToGateway } from "./messages.ts";

const task = { job: "job", segment: 0, block: 4, first: 0, rows: 32 };
const attempt = { epoch: 1, number: 7 };
const sha256 = "0123456789abcdef".repeat(4);
const error: ErrorData = {
  code: "bad-row", message: "Row 3 has no text.", hint: "Leave it out.", failure: "row", details: { row: 3, path: ["a"] }, stack: "Error: …", cause: { code: "x", message: "y" },
};
/** What is left of it where it goes to anybody. */
const { stack: _, cause: __, ...words } = error;
const stats: ResultStats = { device: "webgpu", preprocessMs: 1, predictMs: 2.5, postprocessMs: 0, batches: [16, 16], counts: { realTokens: 100 }, collapsedRows: 3, memoryBytes: 1e8 };

const plan: SegmentPlan = {
  kind: "actor-pool",
  spec: {
    kind: "declarative", name: "text-classification(sentiment)", backend: "transformers", task: "text-classification", model: "hub/sentiment", options: { topK: 2, nested: { a: [1, null] } },
    reads: ["text"], adds: ["label"], costUnit: "tokens", phases: ["preprocess", "predict"], variants: [{ dtype: "fp16" }],
  },
  policy: { batchSize: "auto", maxBatchCost: 1024, maxBatchRows: 512, collapse: true, bisect: true }, stages: ["preprocess", "predict"], minActors: 1, maxActors: 2,
  numCpus: 1, numGpus: 0, memory: 0, device: "auto", onError: "skip", timeoutMs: 1000, maxAttempts: 3, recycleAfterBatches: 100, preserveOrder: true,
};
const description: SegmentDescription = {
  name: "sentiment", plan, model: { hash: sha256, files: [{ path: "onnx/model.onnx", sha256, bytes: 10 }] }, code: { sha256, bytes: 9 }, expectedBlocks: 12,
};
const own: SegmentDescription = {
  name: "mine", plan: { ...plan, spec: { kind: "module", name: "score", module: "file:///x.ts", export: "score", args: [1, { a: "b" }], batchFormat: "rows", rows: "any", stateful: false, phases: ["predict"] } },
};
const about = { note: "Reviews of shops.", columns: ["text"] };
const payload = new Uint8Array([1, 2, 3]);

type Sample<M> = readonly [message: M, payload?: Uint8Array];

/** One of each kind, with every field that it may have. */
export const ofWorkers: readonly Sample<WorkerToGateway>[] = [
  [{ kind: "hello", protocol: protocolVersion, role: "worker", token: "t", key: "k", name: "laptop-1", worker: { label: "Anna's laptop", host: "tab", runtime: "Chromium 140", devices: ["webgpu", "wasm"], cpus: 8, gpus: 1, memoryBytes: 8e9, models: [sha256], runsCode: false } }],
  [{ kind: "ready", model: sha256, loadMs: 1200.5, credit: 0, finishing: [7] }],
  [{ kind: "beat", running: attempt, rows: 3, loading: { doneBytes: 1, bytes: 2 }, state: "computing", device: "webgpu", notice: "The tab is hidden." }],
  [{ kind: "result", task, attempt, rows: 31, sha256, failures: [{ row: 3, error, attempts: 2 }], stats }, payload],
  [{ kind: "result", task, attempt, rows: 31, failures: [], stats }, payload],
  [{ kind: "failed", task, attempt, failure: "oom", error, row: 4 }],
  [{ kind: "draining", finishing: [7, 8] }],
];
export const ofDrivers: readonly Sample<DriverToGateway>[] = [
  [{ kind: "hello", protocol: protocolVersion, role: "driver", token: "t", name: "driver" }],
  [{ kind: "submit", description: { job: "job", name: "reviews", about, segments: [description, own], priority: -1, weight: 0.5, volunteers: true, passing: true } }],
  [{ kind: "file", sha256, offset: 0, last: false }, payload],
  [{ kind: "file", sha256, offset: 3, last: true }],
  [{ kind: "offer", job: "job", segment: 0, block: 0, rows: 32 }, payload],
  [{ kind: "offer", job: "job", segment: 0, block: 1, rows: 32, expectedRows: 95_520, isEstimate: true }, payload],
  [{ kind: "offer", job: "job", segment: 0, block: 9, rows: 32, taken: [[0, 2], [4, 1]] }, payload],
  [{ kind: "input-ended", job: "job", segment: 0, blocks: 12 }],
  [{ kind: "cancel", job: "job", forget: true, again: false }],
  [{ kind: "published", job: "job" }],
];
export const toWorkers: readonly Sample<GatewayToWorker>[] = [
  [{ kind: "welcome", protocol: protocolVersion, key: "k", name: "coordinator", beatMs: 4000, namesResults: true }],
  [{ kind: "segment", job: "job", segment: 0, jobName: "reviews", about, description }],
  [{ kind: "lease", lease: 1, leaseMs: 15_000, duplicate: false, tasks: [{ task, attempt, bytes: 1000 }] }],
  [{ kind: "block", task, attempt }, payload],
  [{ kind: "revoke", tasks: [{ task, attempt }], why: "moved" }],
  [{ kind: "settle", task, attempt }],
  [{ kind: "refuse", task, attempt }],
  [{ kind: "heard" }],
  [{ kind: "job-ended", job: "job" }],
  [{ kind: "drain", why: "The coordinator stops." }],
  [{ kind: "bye", error: words, again: true }],
];
export const toDrivers: readonly Sample<GatewayToDriver>[] = [
  [{ kind: "welcome", protocol: protocolVersion, key: "k", name: "coordinator", beatMs: 4000, keepsLedgers: true }],
  [{ kind: "accepted", job: "job", committedBlocks: 3, missing: [sha256] }],
  [{ kind: "accepted", job: "job", committedBlocks: 0, missing: [sha256], arrived: [[sha256, 300]] }],
  [{ kind: "accepted", job: "job", committedBlocks: 3, missing: [], before: [{ rows: 96, runs: [[0, 2], [7, 1]] }] }],
  [{ kind: "file-taken", sha256 }],
  [{ kind: "ask", job: "job", segment: 0, blocks: 64 }],
  [{ kind: "part", job: "job", segment: 0, block: 4, first: 0, rows: 32, failures: [{ row: 3, error, attempts: 2 }], error, stats, worker: "laptop-1" }, payload],
  [{ kind: "part", job: "job", segment: 0, block: 4, first: 0, rows: 32, failures: [] }],
  [{ kind: "block-done", job: "job", segment: 0, block: 4 }],
  [{ kind: "job-failed", job: "job", error }],
  [{ kind: "fleet", job: "job", segment: 0, workers: 3, busy: 1, loading: 1, atOtherJobs: 2, notice: "No worker has cuda." }],
  [{ kind: "bye", error: words, again: false }],
];
