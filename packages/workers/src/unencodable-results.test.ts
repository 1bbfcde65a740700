import { blockFromRows, ShoalError, type ActorRequest, type Block, type Column } from "@shoal/core";
import { expect, test } from "vitest";
import { inProcessHost } from "./hosts/in-process.ts";

const request: ActorRequest = {
  spec: { kind: "declarative", name: "score", backend: "b", task: "t", model: "m", options: {}, reads: ["n"], adds: ["out"], phases: ["predict"] },
  policy: { batchSize: 2, maxBatchRows: 2, collapse: false, bisect: true }, device: "cpu", deviceIndex: 0, threads: 1,
};
const never = new AbortController().signal;

function cyclic(): unknown {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

test.each([
  ["a cycle", cyclic()],
  ["a Proxy that throws", new Proxy({}, { ownKeys: () => { throw new Error("no keys"); } })],
  ["a getter that throws", { get x(): never { throw new Error("no x"); } }],
  ["an Error with one", Object.defineProperty(new Error("e"), "toJSON", { get: () => { throw new Error("no json"); } })],
])("%s in a result is a failure of its rows that names predictor and column; the actor lives on", async (_what, value) => {
  const host = inProcessHost({
    runtimes: {},
    load: async () => ({ rows: "same", stateful: false, predict: async (batch) => batch }),
    startActor: () => ({
      process: async (given: Block) => {
        const bad = given.rows === 2;
        const out: Column = { type: { kind: "json" }, length: given.rows, values: Array.from({ length: given.rows }, () => (bad ? value : 1)) };
        return {
          block: { rows: given.rows, columns: { ...given.columns, out }, lineage: given.lineage }, failures: [], batches: [],
          preprocessMs: 0, predictMs: 0, postprocessMs: 0, counts: {}, batchRows: 2, collapsedRows: 0,
        };
      },
      async [Symbol.asyncDispose]() {},
    }),
  });
  try {
    const actor = await host.spawn(request, never);
    const result = await actor.process(blockFromRows([{ n: 1 }, { n: 2 }]), never);
    expect(result.block.rows).toBe(0);
    expect(result.failures.map(({ row }) => row)).toEqual([0, 1]);
    const error = ShoalError.fromData(result.failures[0]?.error ?? { code: "none", message: "" });
    expect(error).toMatchObject({ code: "wrong-result", message: expect.stringMatching(/^Predictor "score" gave values in column "out" that can't leave their actor: /) as string });
    expect((await actor.process(blockFromRows([{ n: 3 }]), never)).block.rows).toBe(1);
  } finally {
    await host[Symbol.asyncDispose]();
  }
});
