import { ShoalError, type ActorContext, type Backend, type DeclarativePredictorSpec, type Predictor } from "@shoal/core";
import type { HubOptions } from "./hub/hub-files.ts";
import type { DecodeImage } from "./image/pixels.ts";
import type { ModelPlatform } from "./platform/model-platform.ts";

/** What the runtime brings to the backend. */
export interface TransformersBackendOptions {
  /** Decodes JPEG, PNG …: image tasks need it where a column holds encoded images, paths or URLs. */
  readonly decodeImage?: DecodeImage;
  /** Where models come from and are kept; what is not given comes from `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE`. */
  readonly hub?: HubOptions;
}

/** What a task's loader gets. */
export interface TaskContext {
  readonly spec: DeclarativePredictorSpec;
  readonly actor: ActorContext;
  readonly hub: HubOptions | undefined;
  readonly platform: ModelPlatform;
  readonly decodeImage: DecodeImage | undefined;
}

type LoadTask = (context: TaskContext) => Promise<Predictor>;

const tasks: Readonly<Record<string, () => Promise<LoadTask>>> = {
  "text-generation": async () => (await import("./tasks/load-text-generation.ts")).loadTextGeneration,
  "text-classification": async () => (await import("./tasks/load-text-classification.ts")).loadTextClassification,
  "feature-extraction": async () => (await import("./tasks/load-feature-extraction.ts")).loadFeatureExtraction,
  "token-classification": async () => (await import("./tasks/load-token-classification.ts")).loadTokenClassification,
  "image-classification": async () => (await import("./tasks/load-image-classification.ts")).loadImageClassification,
};

/**
 * Loads the predictors of `textGeneration`, `textClassification` and their siblings: Hugging Face's model files, run by `actor.onnx`.
 * Nothing is imported before a predictor is loaded.
 */
export function transformersBackend(options: TransformersBackendOptions = {}): Backend {
  return {
    name: "transformers",
    async load(spec, actor) {
      const loadTask = tasks[spec.task];
      if (loadTask === undefined) {
        throw new ShoalError("unknown-task", `${spec.name}: the backend "transformers" has no task "${spec.task}"; it has ${Object.keys(tasks).join(", ")}.`, { failure: "bug", hint: "Name one of these, or install a version of shoal that has this task." });
      }
      const [load, { platform }] = await Promise.all([loadTask(), import("#platform")]);
      return load({ spec, actor, platform, hub: options.hub, decodeImage: options.decodeImage });
    },
  };
}
