// What a scripted driver brings: a segment of no model, and blocks that differ in one number.
import type { SegmentDescription } from "@shoal/cluster";
import { columnFromValues, createBlock, encodeBlock } from "@shoal/core";

export const doubler: SegmentDescription = {
  name: "double(doubler)",
  plan: {
    kind: "actor-pool",
    spec: { kind: "declarative", name: "double(doubler)", backend: "test", task: "double", model: "doubler", options: {}, reads: ["n"], adds: ["twice"], phases: ["predict"] },
    policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true },
    stages: ["predict"], minActors: 1, maxActors: 1, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 3, preserveOrder: true,
  },
};

/** A block of numbers for each index: one is encoded, the others are it with another first number. */
export function numberedBlocks(column: string, rows: number): (index: number) => Uint8Array<ArrayBuffer> {
  const marker = 12_345.678;
  const encoded = encodeBlock(createBlock({ [column]: columnFromValues([marker, ...Array.from({ length: rows - 1 }, () => 0.5)]) }));
  const at = Buffer.from(encoded).indexOf(Buffer.from(new Float64Array([marker]).buffer));
  if (at < 0) throw new Error("The number is not where it was looked for.");
  return (index) => {
    const bytes = new Uint8Array(encoded);
    new DataView(bytes.buffer).setFloat64(at, index + 0.25, true);
    return bytes;
  };
}
