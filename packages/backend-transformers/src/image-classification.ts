import type { PredictorStep } from "@shoal/core";
import { declarativeStep } from "./declarative-step.ts";
import { classification, type ClassificationOptions, type ClassificationSettings, type Classified } from "./text-classification.ts";

/**
 * A decoded image (rows from the top, channels interleaved; what `readImages` gives), an encoded one (JPEG, PNG, … as bytes), or where one lies: a path or a URL.
 * A column of uint8 tensors [height, width] or [height, width, channels] holds decoded images too.
 */
export type ImageInput = Uint8Array | Uint8ClampedArray | string | {
  readonly width: number;
  readonly height: number;
  /** Found from the length of `data` when not given. */
  readonly channels?: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};

/** Columns, labels and model of {@link imageClassification}. */
export interface ImageClassificationOptions<Input extends string, Output extends string, Score extends string, Top extends number> extends ClassificationOptions<Input, Output, Score, Top> {
  /**
   * Makes images smaller as Python's transformers (Pillow) does, by averaging all pixels, rather than as transformers.js does, by looking at
   * a few. Truer to what most models were trained on; false when not given, so that results are those of transformers.js.
   */
  readonly antialias?: boolean;
}

/** {@link ImageClassificationOptions} as they travel. */
export type ImageClassificationSettings = ClassificationSettings & { readonly antialias?: boolean };

/**
 * Labels each image with an image classifier.
 *
 * ```ts
 * ds.mapBatches(imageClassification({ model: "org/name", input: "image", output: "label", scoreOutput: "score" }))
 * ```
 * @throws `bad-option`
 */
export function imageClassification<const Input extends string, const Output extends string, const Score extends string = never, const Top extends number = never>(
  options: ImageClassificationOptions<Input, Output, Score, Top>,
): PredictorStep<{ [K in Input]: ImageInput }, Classified<Output, Score, Top>, undefined, "adds"> {
  const { options: common, reads, adds } = classification("imageClassification", options, ["antialias"]);
  const settings: ImageClassificationSettings = options.antialias === undefined ? common : { ...common, antialias: options.antialias };
  return declarativeStep({ task: "image-classification", from: options, options: settings, reads, adds, postprocess: true });
}
