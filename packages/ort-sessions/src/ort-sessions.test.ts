import { Tensor, type InferenceSession } from "onnxruntime-common";
import { expect, test } from "vitest";
import type { SessionSettings } from "./operations.ts";
import { OrtSessions } from "./ort-sessions.ts";
import type { Ort } from "./ort-tensors.ts";

const onGpu: SessionSettings = { executionProviders: ["webgpu"], intraOpThreads: 1 };

/** A library whose tensors lie on a GPU; it counts those that were not freed. */
class FakeOrt {
  readonly held = new Set<string>();
  readonly failing = new Set<string>();
  /** Creations that fail, one after the other. */
  readonly refusals: Error[] = [];
  released = 0;

  get ort(): Ort {
    return { Tensor, InferenceSession: { create: () => this.#create() } } as unknown as Ort;
  }

  async #create(): Promise<InferenceSession> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const port = (name: string) => ({ name, isTensor: true, type: "float32", shape: [1, 2] });
    return {
      inputMetadata: [],
      outputMetadata: ["first", "second", "third"].map(port),
      run: async (feeds: Record<string, Tensor>) =>
        "rows" in feeds ? this.#gathered() : { first: this.#tensor("first"), second: this.#tensor("second"), third: this.#tensor("third") },
      release: async () => void this.released++,
    } as unknown as InferenceSession;
  }

  #gathered(): Record<string, Tensor> {
    if (this.failing.has("gather") && this.held.has("gathered")) throw new Error("out of memory");
    return { y: this.#tensor("gathered") };
  }

  #tensor(name: string): Tensor {
    this.held.add(name);
    return Tensor.fromGpuBuffer({} as never, {
      dataType: "float32",
      dims: [1, 2],
      download: async () => {
        if (this.failing.has(name)) throw new Error("out of memory");
        this.held.delete(name);
        return Float32Array.of(1, 2);
      },
      dispose: () => this.held.delete(name),
    });
  }
}

async function opened(library: FakeOrt, downloads = true) {
  const sessions = new OrtSessions(library.ort, { downloads, forgetsFailedRuns: true });
  const { session } = await sessions.perform<"load">({ kind: "load", model: "m.onnx", settings: onGpu });
  const run = (keep: readonly string[]) => sessions.perform<"run">({ kind: "run", session, feeds: {}, keep, lastPosition: [] });
  return { sessions, session, run };
}

test("a run whose download fails leaves nothing on the GPU, what was to be kept included", async () => {
  const library = new FakeOrt();
  const { run } = await opened(library);
  library.failing.add("second");
  await expect(run(["first", "third"])).rejects.toThrow("out of memory");
  expect([...library.held]).toEqual([]);
  library.failing.clear();
  expect(await run(["first"])).toMatchObject({ first: { resident: expect.any(Number) as number }, second: { type: "float32" } });
  expect([...library.held]).toEqual(["first"]);
});

test("a gather that fails frees what it had gathered, and what it was asked to gather from stays", async () => {
  const library = new FakeOrt();
  const { sessions, session, run } = await opened(library);
  const { first, second } = await run(["first", "second"]);
  const tensors = [first, second].map((tensor) => (tensor as { resident: number }).resident);
  library.failing.add("gather");
  await expect(sessions.perform<"gather">({ kind: "gather", session, tensors, rows: [0] })).rejects.toThrow("out of memory");
  expect([...library.held]).toEqual(["first", "second"]);
});

test("a gathering session that could not be made is made when it is wanted next", async () => {
  const library = new FakeOrt();
  const { sessions, session, run } = await opened(library);
  const { first } = await run(["first"]);
  const gather = () => sessions.perform<"gather">({ kind: "gather", session, tensors: [(first as { resident: number }).resident], rows: [0] });
  library.refusals.push(new Error("no room"));
  await expect(gather()).rejects.toThrow("no room");
  const [gathered] = await gather();
  expect([...library.held]).toEqual(["gathered"]);
  await sessions.perform<"free">({ kind: "free", tensors: [gathered?.resident ?? 0] });
  await sessions[Symbol.asyncDispose]();
  expect(library.released).toBe(2);
});

test("one that could not be made does not hinder disposal", async () => {
  const library = new FakeOrt();
  const { sessions, session, run } = await opened(library);
  const { first } = await run(["first"]);
  library.refusals.push(new Error("no room"));
  await expect(sessions.perform<"gather">({ kind: "gather", session, tensors: [(first as { resident: number }).resident], rows: [0] })).rejects.toThrow("no room");
  await sessions[Symbol.asyncDispose]();
  expect([...library.held]).toEqual([]);
});

test("what an operation left can be taken back", async () => {
  const library = new FakeOrt();
  const { sessions, session } = await opened(library);
  const operation = { kind: "run", session, feeds: {}, keep: ["first"], lastPosition: [] } as const;
  await sessions.takeBack<"run">(operation, await sessions.perform<"run">(operation));
  expect([...library.held]).toEqual([]);
});
