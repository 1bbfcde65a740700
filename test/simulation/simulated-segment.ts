import type { SegmentDescription, SegmentMessage } from "@shoal/cluster";

const columns = ["text"];

/** A segment as it travels. What it needs is in the spec that simulated schedulers get. */
export function describeSegment(segment: number): SegmentDescription {
  return {
    name: `segment ${segment}`,
    plan: {
      kind: "actor-pool",
      spec: { kind: "declarative", name: "label", backend: "simulated", task: "label", model: "model", options: {}, reads: columns, adds: ["label"], phases: ["predict"] },
      policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true },
      stages: ["label"], minActors: 1, maxActors: 1, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 3, preserveOrder: true,
    },
  };
}

/** What a worker is told of a segment. */
export function segmentMessage(job: string, segment: number): SegmentMessage {
  return { kind: "segment", job, segment, jobName: job, about: { columns }, description: describeSegment(segment) };
}
