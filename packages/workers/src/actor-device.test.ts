import { silentLogger, type ConcreteDevice, type DeviceProbe, type OnnxRuntime } from "@shoal/core";
import { expect, test } from "vitest";
import { chooseDevice, lazyOnnx } from "./actor-device.ts";

function runtime(works: Partial<Record<ConcreteDevice, boolean>>, events: string[] = []): OnnxRuntime {
  return {
    name: "fake",
    probe: async () => {
      events.push("probed");
      return Object.entries(works).map(([device, does]): DeviceProbe => ({ device: device as ConcreteDevice, works: does, detail: "" }));
    },
    open: async (actor) => {
      events.push(`opened on ${actor.device}`);
      return {
        onnx: async (model) => {
          events.push(`loaded ${String(model)}`);
          return {} as Awaited<ReturnType<Awaited<ReturnType<OnnxRuntime["open"]>>["onnx"]>>;
        },
        [Symbol.asyncDispose]: async () => void events.push("closed"),
      };
    },
  };
}

const actor = { device: "cuda", deviceIndex: 1, threads: 2, signal: new AbortController().signal, log: silentLogger } as const;

test("auto is CUDA where it works and otherwise the CPU; WebGPU must be asked for", async () => {
  const both = (works: Partial<Record<ConcreteDevice, boolean>>) => ({ cpu: () => runtime(works), cuda: () => runtime(works), webgpu: () => runtime(works) });
  expect(await chooseDevice(both({ cuda: true, webgpu: true, cpu: true }))).toBe("cuda");
  expect(await chooseDevice(both({ cuda: false, webgpu: true, cpu: true }))).toBe("cpu");
  expect(await chooseDevice(both({ cuda: false, webgpu: false, cpu: true }))).toBe("cpu");
});

test("without a native runtime the CPU is reached by wasm, and nothing is tried", async () => {
  const events: string[] = [];
  expect(await chooseDevice({ wasm: () => runtime({ wasm: true }, events) })).toBe("wasm");
  expect(await chooseDevice({})).toBe("cpu");
  expect(events).toEqual([]);
});

test("a runtime is opened once, with the first model, and closed with the actor", async () => {
  const events: string[] = [];
  const onnx = lazyOnnx({ cuda: () => runtime({}, events), cpu: () => runtime({}, events) }, actor);
  await Promise.all([onnx.onnx("a.onnx"), onnx.onnx("b.onnx")]);
  await onnx[Symbol.asyncDispose]();
  expect(events).toEqual(["opened on cuda", "loaded a.onnx", "loaded b.onnx", "closed"]);
  await lazyOnnx({ cuda: () => runtime({}, events) }, actor)[Symbol.asyncDispose]();
  expect(events).toHaveLength(4);
});

test("a device without a runtime is refused, naming those there are", async () => {
  const onnx = lazyOnnx({ cpu: () => runtime({}) }, actor);
  await expect(onnx.onnx("a.onnx")).rejects.toMatchObject({ code: "device-unavailable", message: expect.stringContaining('there is one for "cpu"') as string });
});
