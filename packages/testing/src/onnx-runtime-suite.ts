import {
  failureClass, ShoalError, silentLogger,
  type ActorContext, type OnnxLoader, type OnnxRuntime, type OnnxTensor, type ResidentTensor, type TypedArray,
} from "@shoal/core";
import { describe, expect, test } from "vitest";
import { cacheModel, doubleModel, echoModel, externalModel, halfCacheModel, powerModel, scaleModel } from "./onnx-models.ts";

/** What a runtime is tried on, and what it cannot do. */
export interface OnnxRuntimeGaps {
  /** Default `"cpu"`. */
  readonly device?: ActorContext["device"];
  /** The device can't compute with half floats. */
  readonly float16?: false;
  /** External data can't be given as bytes. */
  readonly externalData?: false;
  /** A run may block the thread that asks for it: such a runtime has actors that are threads of their own. */
  readonly freeThread?: false;
  /** Side of the square matrix whose 25th power takes long: shorter where the device is slow. Default 900. */
  readonly longRun?: number;
}

interface OpenActor extends AsyncDisposable {
  readonly onnx: OnnxLoader;
  readonly abort: AbortController;
}

/** What every adapter of the port OnnxRuntime must do. */
export function testOnnxRuntime(name: string, create: () => OnnxRuntime, gaps: OnnxRuntimeGaps = {}): void {
  const { device = "cpu", longRun = 900 } = gaps;

  async function open(): Promise<OpenActor> {
    const abort = new AbortController();
    const actor = await create().open({ device, deviceIndex: 0, threads: 1, signal: abort.signal, log: silentLogger });
    return { onnx: actor.onnx, abort, [Symbol.asyncDispose]: async () => actor[Symbol.asyncDispose]() };
  }

  describe(`ONNX runtime ${name} on ${device}`, () => {
    test("loads a model and says what it takes and gives", async () => {
      await using actor = await open();
      const session = await actor.onnx(scaleModel);
      expect(session.inputs).toEqual([{ name: "x", type: "float32", shape: ["n", 2] }, { name: "by", type: "int64", shape: [] }]);
      expect(session.outputs).toEqual([{ name: "y", type: "float32", shape: ["n", 2] }, { name: "sum", type: "float32", shape: [] }]);
      expect(session.device).toMatch(device);
    });

    test("runs it, scalars included", async () => {
      await using actor = await open();
      const session = await actor.onnx(scaleModel);
      const by: OnnxTensor = { type: "int64", shape: [], data: BigInt64Array.of(3n) };
      const result = await session.run({ x: floats([2, 2], 1, 2, 3, 4), by });
      expect(result).toEqual({ y: floats([2, 2], 3, 6, 9, 12), sum: floats([], 30) });
    });

    test("leaves the caller's arrays alone, and takes views of larger ones", async () => {
      await using actor = await open();
      const session = await actor.onnx(doubleModel);
      const column = Float32Array.of(9, 1, 2, 9);
      const result = await session.run({ x: { type: "float32", shape: [2], data: column.subarray(1, 3) } });
      expect(result["y"]).toEqual(floats([2], 2, 4));
      expect([...column]).toEqual([9, 1, 2, 9]);
    });

    test("keeps its bytes the caller's, and loads them twice", async () => {
      await using actor = await open();
      const sessions = await Promise.all([actor.onnx(doubleModel), actor.onnx(doubleModel)]);
      for (const session of sessions) expect((await session.run({ x: floats([1], 4) }))["y"]).toEqual(floats([1], 8));
    });

    test("carries every type, half floats as float32", async () => {
      await using actor = await open();
      const session = await actor.onnx(echoModel);
      expect(session.inputs.map((port) => port.type)).toEqual(["int64", "int32", "uint8", "float64", "bool", "utf8", "float16"]);
      const given: Record<string, OnnxTensor> = {
        int64: { type: "int64", shape: [3], data: BigInt64Array.of(-1n, 2n ** 60n, 0n) },
        int32: { type: "int32", shape: [3], data: Int32Array.of(-1, 7, 0) },
        uint8: { type: "uint8", shape: [3], data: Uint8Array.of(0, 255, 1) },
        float64: { type: "float64", shape: [3], data: Float64Array.of(0.1, -1e300, 0) },
        bool: { type: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
        utf8: { type: "utf8", shape: [3], data: ["", "größer 🙂", "z"] },
        float16: { type: "float32", shape: [3], data: Float32Array.of(0.5, -65504, 1) },
      };
      const result = await session.run(Object.fromEntries(Object.entries(given).map(([type, tensor]) => [`${type}_in`, tensor])));
      expect(result).toEqual(Object.fromEntries(Object.entries(given).map(([type, tensor]) => [`${type}_out`, tensor])));
    });

    for (const [precision, model] of [["float32", cacheModel], ["float16", halfCacheModel]] as const) {
      test.skipIf(precision === "float16" && gaps.float16 === false)(`keeps tensors where it runs and feeds them back (${precision})`, async () => {
        await using actor = await open();
        const session = await actor.onnx(model);
        const first = await session.run({ past: floats([2, 0, 2]), step: floats([2, 1, 2], 1, 2, 3, 4) }, { keep: ["present"] });
        const past = first["present"] as ResidentTensor;
        expect(past.shape).toEqual([2, 1, 2]);
        expect(past).not.toHaveProperty("data");
        const second = await session.run({ past, step: floats([2, 1, 2], 5, 6, 7, 8) }, { keep: ["present"], lastPosition: ["logits"] });
        expect(second["logits"]).toEqual(floats([2, 2], 10, 12, 14, 16));
        const [turned] = await session.gather([second["present"] as ResidentTensor], [1, 0, 1]);
        expect(turned?.shape).toEqual([3, 2, 2]);
        const third = await session.run({ past: turned as ResidentTensor, step: floats([3, 0, 2]) });
        expect(third["present"]).toEqual(floats([3, 2, 2], 3, 4, 7, 8, 1, 2, 5, 6, 3, 4, 7, 8));
      });
    }

    test("makes one vector of those of a row's first positions where it runs", async () => {
      await using actor = await open();
      const session = await actor.onnx(cacheModel);
      const feeds = { past: floats([2, 0, 2]), step: floats([2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8) };
      for (const [by, vectors] of [["mean", [2, 3, 5, 6]], ["first", [1, 2, 5, 6]], ["last", [3, 4, 5, 6]]] as const) {
        const { present } = await session.run(feeds, { pooled: { outputs: ["present"], lengths: [2, 1], by } });
        expect(present).toEqual(floats([2, 2], ...vectors));
      }
    });

    test("feeds a tensor that one session kept to another", async () => {
      await using actor = await open();
      const [one, other] = await Promise.all([actor.onnx(cacheModel), actor.onnx(cacheModel)]);
      const { present } = await one.run({ past: floats([1, 0, 2]), step: floats([1, 1, 2], 1, 2) }, { keep: ["present"] });
      const result = await other.run({ past: present as ResidentTensor, step: floats([1, 0, 2]) });
      expect(result["present"]).toEqual(floats([1, 1, 2], 1, 2));
    });

    test("refuses tensors that were freed or gathered from, and rows that are not there", async () => {
      await using actor = await open();
      const session = await actor.onnx(cacheModel);
      const keep = async (): Promise<ResidentTensor> =>
        (await session.run({ past: floats([1, 0, 2]), step: floats([1, 1, 2], 1, 2) }, { keep: ["present"] }))["present"] as ResidentTensor;
      const [freed, gathered] = [await keep(), await keep()];
      await session.free([freed]);
      await session.gather([gathered], [0]);
      for (const past of [freed, gathered]) await expect(session.run({ past, step: floats([1, 0, 2]) })).rejects.toThrow(/resident/);
      await expect(session.gather([await keep()], [1])).rejects.toThrow(/row 1/);
    });

    test("does what was asked at once one after the other, in order", async () => {
      await using actor = await open();
      const session = await actor.onnx(doubleModel);
      const order: number[] = [];
      const runs = [1, 2, 3, 4, 5].map(async (value) => {
        const result = await session.run({ x: floats([1], value) });
        order.push(value);
        return [...((result["y"] as OnnxTensor).data as TypedArray)];
      });
      expect(await Promise.all(runs)).toEqual([[2], [4], [6], [8], [10]]);
      expect(order).toEqual([1, 2, 3, 4, 5]);
    });

    test("says which inputs it takes when given others", async () => {
      await using actor = await open();
      const session = await actor.onnx(scaleModel);
      const by: OnnxTensor = { type: "int64", shape: [], data: BigInt64Array.of(1n) };
      const cases = [
        [{ by }, /nothing for input "x".*x: float32\[n, 2\], by: int64\[\]/],
        [{ x: floats([1, 2], 1, 2), by, z: by }, /no input "z"/],
        [{ x: floats([1, 3], 1, 2, 3), by }, /input "x" got shape \[1, 3\]/],
        [{ x: { type: "float64", shape: [1, 2], data: Float64Array.of(1, 2) }, by }, /input "x" got float64/],
        [{ x: floats([1, 2], 1), by }, /input "x" got 1 values/],
      ] satisfies [Record<string, OnnxTensor>, RegExp][];
      for (const [feeds, message] of cases) {
        const error = await rejection(session.run(feeds));
        expect(error).toMatchObject({ code: "wrong-input", message: expect.stringMatching(message) as string });
      }
    });

    test("rejects a run that fails, and goes on", async () => {
      await using actor = await open();
      const session = await actor.onnx(powerModel);
      const error = await rejection(session.run({ x: floats([1, 2], 1, 2) }));
      expect(ShoalError.is(error)).toBe(true);
      expect(failureClass(error)).toBe("row");
      expect((await session.run({ x: floats([1, 1], 1) }))["y"]).toEqual(floats([1, 1], 1));
    });

    test("leaves nothing of a failed run to the next", async () => {
      await using actor = await open();
      const session = await actor.onnx(cacheModel);
      const good = { past: floats([1, 1, 2], 1, 2), step: floats([1, 1, 2], 3, 4) };
      for (const keep of [[], ["present"]]) {
        expect(failureClass(await rejection(session.run({ past: floats([2, 1, 2], 9, 9, 9, 9), step: floats([1, 1, 2], 9, 9) }, { keep })))).toBe("row");
        expect((await session.run(good))["present"]).toEqual(floats([1, 2, 2], 1, 2, 3, 4));
        const { present } = await session.run(good, { keep: ["present"] });
        expect((await session.run({ past: present as ResidentTensor, step: floats([1, 0, 2]) }))["present"]).toEqual(floats([1, 2, 2], 1, 2, 3, 4));
      }
    });

    test("rejects what is no model", async () => {
      await using actor = await open();
      const error = await rejection(actor.onnx(new Uint8Array(100)));
      expect(error).toMatchObject({ code: "onnx-load-failed", message: expect.stringContaining("100 bytes") as string });
      await expect(actor.onnx(doubleModel)).resolves.toBeDefined();
    });

    test.skipIf(gaps.externalData === false)("takes external data as bytes", async () => {
      await using actor = await open();
      const weights = new Uint8Array(Float32Array.of(10, 20).buffer);
      const session = await actor.onnx(externalModel, { externalData: { "weights.bin": weights } });
      expect((await session.run({ x: floats([1, 2], 1, 2) }))["y"]).toEqual(floats([1, 2], 11, 22));
      expect(weights.byteLength).toBe(8);
    });

    test.skipIf(gaps.freeThread === false)("leaves its caller's thread free during a long run", async () => {
      await using actor = await open();
      const session = await actor.onnx(powerModel);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const start = performance.now();
      await session.run({ x: { type: "float32", shape: [longRun, longRun], data: new Float32Array(longRun * longRun) } });
      const ms = performance.now() - start;
      clearInterval(timer);
      // A blocked thread ticks not at all, whatever the run takes.
      expect(ms).toBeGreaterThan(50);
      expect(ticks).toBeGreaterThan(ms / 5 / 4);
    });

    test("waits for an open run when disposed, and refuses what comes after", async () => {
      const actor = await open();
      const session = await actor.onnx(powerModel);
      const running = session.run({ x: { type: "float32", shape: [400, 400], data: new Float32Array(160_000) } });
      await Promise.all([actor[Symbol.asyncDispose](), expect(running).resolves.toBeDefined()]);
      expect(await rejection(session.run({ x: floats([1, 1], 1) }))).toMatchObject({ code: "disposed" });
      await actor[Symbol.asyncDispose]();
    });

    test("refuses a session that was disposed; the others go on", async () => {
      await using actor = await open();
      const [session, other] = await Promise.all([actor.onnx(doubleModel), actor.onnx(doubleModel)]);
      await session[Symbol.asyncDispose]();
      await expect(session.run({ x: floats([1], 1) })).rejects.toThrow(/disposed/);
      expect((await other.run({ x: floats([1], 1) }))["y"]).toEqual(floats([1], 2));
    });

    test("rejects what is open when the actor is to end", async () => {
      await using actor = await open();
      const session = await actor.onnx(powerModel);
      const running = session.run({ x: { type: "float32", shape: [400, 400], data: new Float32Array(160_000) } });
      actor.abort.abort();
      expect(await rejection(running)).toMatchObject({ code: "aborted" });
      expect(failureClass(await rejection(session.run({ x: floats([1, 1], 1) })))).toBe("aborted");
    });

    test("finds by trying that the device works", async () => {
      const probes = await create().probe();
      expect(probes).toContainEqual({ device, works: true, detail: expect.any(String) as string });
      for (const probe of probes) expect(probe.detail).not.toBe("");
    });
  });
}

function floats(shape: readonly number[], ...data: number[]): OnnxTensor {
  return { type: "float32", shape, data: Float32Array.from(data) };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have been rejected"),
    (error: unknown) => error,
  );
}
