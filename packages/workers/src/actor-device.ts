import { ShoalError, type ActorContext, type ConcreteDevice, type OnnxRuntime } from "@shoal/core";

/** Which ONNX runtime serves which device here. Functions, so that a heavy library is loaded by the actor that needs it. */
export type OnnxRuntimes = Readonly<Partial<Record<ConcreteDevice, () => OnnxRuntime | Promise<OnnxRuntime>>>>;

/** Answers `device: "auto"` inside an actor. */
export type ChooseDevice = (runtimes: OnnxRuntimes) => Promise<ConcreteDevice>;

/**
 * CUDA where a session could be created on it; otherwise the CPU, natively where that can be. WebGPU must be asked for by name: it also
 * answers from software drivers, which are many times slower than the CPU.
 */
export const chooseDevice: ChooseDevice = async (runtimes) => {
  const probes = await (await runtimes.cuda?.())?.probe();
  return probes?.some((probe) => probe.device === "cuda" && probe.works) === true ? "cuda" : chooseCpu(runtimes);
};

/** Without trying: where there is no sign of a GPU, or for models that gain nothing from one. */
export const chooseCpu: ChooseDevice = async (runtimes) => (runtimes.cpu === undefined && runtimes.wasm !== undefined ? "wasm" : "cpu");

type OpenedOnnx = Pick<ActorContext, "onnx"> & AsyncDisposable;

/** A loader that opens its runtime with the first model: an actor without ONNX models pays nothing. */
export function lazyOnnx(runtimes: OnnxRuntimes, actor: Omit<ActorContext, "onnx" | "count">): OpenedOnnx {
  let opened: Promise<OpenedOnnx> | undefined;
  return {
    onnx: async (model, options) => (await (opened ??= openOnnx(runtimes, actor))).onnx(model, options),
    async [Symbol.asyncDispose]() {
      const open = await opened?.catch(() => undefined);
      await open?.[Symbol.asyncDispose]();
    },
  };
}

async function openOnnx(runtimes: OnnxRuntimes, actor: Omit<ActorContext, "onnx" | "count">): Promise<OpenedOnnx> {
  const load = runtimes[actor.device];
  if (load === undefined) {
    const known = Object.keys(runtimes);
    throw new ShoalError("device-unavailable", `No ONNX runtime for the device "${actor.device}" is set up here; there is one for ${known.map((name) => `"${name}"`).join(", ") || "none"}.`, {
      failure: "bug",
      hint: known.length === 0 ? "Give the actor's entry file a runtime, as backend-onnx-node has one." : `Choose one of these, or device: "auto".`,
      details: { device: actor.device, known },
    });
  }
  return (await load()).open(actor);
}
