import { textClassification } from "@shoal/backend-transformers";
import { columnFromValues, createBlock, silentLogger, systemClock, type ConcreteDevice, type DeclarativePredictorSpec, type Resources } from "@shoal/core";
import { measureDevices, type DeviceTrial } from "@shoal/executor";
import { sentiment } from "@shoal/tiny-models";
import { createHost } from "#platform";

const sentences = ["I loved this film", "The food was terrible and the waiter was rude", "Great value", "It broke after two days, and nobody answered my letters"];

/**
 * How fast the small classifier that ships with Shoal runs on each device; nothing where there is none. The results of the
 * CPU, native or by wasm, are taken for right.
 * @throws what running it there failed with, as a library that is missing
 */
export async function measureSpeeds(devices: readonly ConcreteDevice[], resources: Resources): Promise<readonly DeviceTrial[]> {
  const reference = devices.includes("cpu") ? "cpu" : "wasm";
  const candidates = [...devices].sort((a, b) => Number(a === reference) - Number(b === reference));
  if (candidates.length === 0) return [];
  const { spec } = textClassification({ model: sentiment, input: "text", output: "label", scoreOutput: "score" });
  await using host = createHost(silentLogger);
  const texts = Array.from({ length: 64 }, (_, row) => sentences[row % sentences.length] as string);
  const { trials, best } = await measureDevices({
    candidates, host, clock: systemClock, signal: new AbortController().signal, spec: spec as DeclarativePredictorSpec,
    policy: { batchSize: "auto", maxBatchCost: "auto", maxBatchRows: 1024, collapse: false, bisect: true },
    onNotice: () => {}, threads: resources.cpus, maxActors: 1, gpus: resources.gpus, deviceIndex: 0, gpuOnly: false,
    block: createBlock({ text: columnFromValues(texts, { kind: "utf8" }) }),
  });
  await best.actor?.[Symbol.asyncDispose]();
  return trials;
}
