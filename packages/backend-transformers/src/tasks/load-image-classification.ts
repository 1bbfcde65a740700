import { createBlock, elementsPerRow, requireColumn, ShoalError, tensorColumn, type Block, type OnnxPort, type OnnxTensor, type Predictor, type TypedArray } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { unsupported } from "../decode/cache-ports.ts";
import { classifiedBlock } from "../encoder/label-scores.ts";
import { imageProcessor } from "../image/image-processor.ts";
import type { Pixels } from "../image/pixels.ts";
import { checkOutput } from "../model/check-output.ts";
import { requiredJson } from "../model/model-files.ts";
import { openModel } from "../model/open-model.ts";
import type { ImageClassificationSettings } from "../image-classification.ts";
import { severalAtOnce } from "../image/several-at-once.ts";
import { imageReader } from "./read-image.ts";

/** Hidden columns between the phases. Pixels stay bytes until they are predicted: a quarter of the memory. */
const pixelsColumn = "shoal:pixels";
const logitsColumn = "shoal:logits";
/** Read and decoded at a time: enough to keep a disk and several decoders busy. */
const imagesAtOnce = 16;

export async function loadImageClassification(context: TaskContext): Promise<Predictor> {
  const { spec } = context;
  const settings = spec.options as ImageClassificationSettings;
  const { config, session, extra: processorConfig } = await openModel(context, (ofModel) => requiredJson(ofModel, "preprocessor_config.json"));
  const port = session.inputs.find(({ name }) => name === "pixel_values") ?? session.inputs[0];
  const output = session.outputs.find(({ name }) => name === "logits") ?? session.outputs[0];
  if (port === undefined || output === undefined || session.inputs.length > 1) throw unsupported(spec.name, "its graph does not take images alone");
  const processor = imageProcessor(processorConfig, channelsOf(port, config["num_channels"]), settings.antialias === true ? "average" : "sample", spec.name);
  const readImage = imageReader(context, settings.input);
  return {
    rows: "same",
    stateful: false,
    overlaps: true,
    preprocess: async (block, signal) => {
      const column = requireColumn(block, settings.input);
      const images = await severalAtOnce(block.rows, imagesAtOnce, async (row) => processor.prepare(await readImage(column, row, signal)));
      return stack(images, block, spec.name);
    },
    predict: async (batch) => {
      const pixels = requireColumn(batch, pixelsColumn);
      const feeds = { [port.name]: pixelTensor(pixels.values as TypedArray, batch.rows, (pixels.type as { shape: readonly number[] }).shape) };
      const logits = (await session.run(feeds, { movesFeeds: true }))[output.name] as OnnxTensor;
      checkOutput(logits.data as Float32Array, batch.rows, session, spec.name, output.name);
      return createBlock({ [logitsColumn]: tensorColumn(logits.data as Float32Array, [logits.data.length / batch.rows]) }, batch.lineage, batch.rows);
    },
    postprocess: async (block) => classifiedBlock(block, requireColumn(block, logitsColumn), settings, config),
    dispose: async () => session[Symbol.asyncDispose](),
  };

  function pixelTensor(bytes: TypedArray, rows: number, [height = 0, width = 0, channels = 0]: readonly number[]): OnnxTensor {
    const size = elementsPerRow({ kind: "tensor", element: "uint8", shape: [height, width, channels] });
    const data = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) processor.normalize((bytes as Uint8Array).subarray(row * size, (row + 1) * size), data.subarray(row * size, (row + 1) * size));
    return { type: "float32", shape: [rows, channels, height, width], data };
  }
}

function channelsOf(port: OnnxPort, said: unknown): 1 | 3 {
  const channels = typeof port.shape[1] === "number" && port.shape[1] > 0 ? port.shape[1] : said;
  return channels === 1 ? 1 : 3;
}

function stack(images: readonly Pixels[], block: Block, who: string): Block {
  const [first] = images;
  if (first === undefined) return createBlock({ [pixelsColumn]: tensorColumn(new Uint8Array(0), [1, 1, 1]) }, block.lineage, 0);
  const { width, height, channels } = first;
  const size = width * height * channels;
  const data = new Uint8Array(images.length * size);
  images.forEach((image, row) => {
    if (image.width !== width || image.height !== height) {
      throw new ShoalError("unequal-images", `${who}: an image is ${image.width}×${image.height} where another is ${width}×${height}, and preprocessor_config.json gives them no common size.`, {
        failure: "bug", hint: "Resize the images in a step before this one.",
      });
    }
    data.set(image.data, row * size);
  });
  return createBlock({ [pixelsColumn]: tensorColumn(data, [height, width, channels]) }, block.lineage, images.length);
}
