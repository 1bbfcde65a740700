import type { SegmentDescription } from "@shoal/cluster";

/** A segment of no model. */
export const doubler: SegmentDescription = {
  name: "double(doubler)",
  plan: {
    kind: "actor-pool",
    spec: { kind: "declarative", name: "double(doubler)", backend: "test", task: "double", model: "doubler", options: {}, reads: ["n"], adds: ["twice"], phases: ["predict"] },
    policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true },
    stages: ["predict"], minActors: 1, maxActors: 1, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 3, preserveOrder: true,
  },
};
