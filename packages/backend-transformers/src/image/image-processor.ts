import { ShoalError, type JsonObject } from "@shoal/core";
import type { Pixels } from "./pixels.ts";
import { resize, type Reduction, type Resample } from "./resize.ts";

/** What preprocessor_config.json says to do with an image. */
export interface ImageProcessor {
  /** Colours, size and cut: bytes, channels interleaved. */
  prepare(image: Pixels): Pixels;
  /** Bytes as the model's numbers, one plane per channel, into `target`. */
  normalize(bytes: ArrayLike<number>, target: Float32Array): void;
}

/**
 * Only what classifiers use: convert, resize, centre crop, rescale, normalize.
 * @throws `unsupported-model` for a configuration that asks for more
 */
export function imageProcessor(config: JsonObject, channels: 1 | 3, reduction: Reduction, who: string): ImageProcessor {
  for (const name of ["do_pad", "do_thumbnail", "do_crop_margin"]) {
    if (config[name] === true) throw new ShoalError("unsupported-model", `${who}: preprocessor_config.json asks for "${name}", which image classification here can't do.`, { failure: "bug", hint: "Prepare the images in a step before, and run the model with onnx()." });
  }
  const size = config["size"] ?? config["image_size"];
  const resizes = (config["do_resize"] ?? size !== undefined) === true;
  const crop = config["do_center_crop"] === true ? sizeOf(config["crop_size"]) : undefined;
  const resample = (config["resample"] ?? 2) as Resample;
  const scale = config["do_rescale"] === false ? 1 : ((config["rescale_factor"] as number | undefined) ?? 1 / 255);
  const normalizes = config["do_normalize"] === true;
  const mean = perChannel(normalizes ? config["image_mean"] : 0, channels);
  const deviation = perChannel(normalizes ? config["image_std"] : 1, channels);
  const flips = config["do_flip_channel_order"] === true;
  return {
    prepare(image) {
      const coloured = toChannels(image, channels);
      const [width, height] = resizes ? resizedTo(coloured, size) : [coloured.width, coloured.height];
      const resized = resize(coloured, width, height, resample, reduction);
      return crop === undefined ? resized : centreCrop(resized, ...crop);
    },
    normalize(bytes, target) {
      const plane = target.length / channels;
      for (let channel = 0; channel < channels; channel++) {
        const from = flips ? channels - 1 - channel : channel;
        const offset = mean[channel] as number;
        const divisor = deviation[channel] as number;
        for (let pixel = 0; pixel < plane; pixel++) target[channel * plane + pixel] = ((bytes[pixel * channels + from] as number) * scale - offset) / divisor;
      }
    },
  };
}

function perChannel(value: unknown, channels: number): number[] {
  return Array.isArray(value) ? (value as number[]) : new Array<number>(channels).fill(typeof value === "number" ? value : 0);
}

function sizeOf(size: unknown): [width: number, height: number] {
  if (typeof size === "number") return [size, size];
  const { width, height, shortest_edge: edge } = size as { width?: number; height?: number; shortest_edge?: number };
  return [width ?? edge ?? 224, height ?? edge ?? 224];
}

/** A `size` with `shortest_edge` keeps the image's proportions. */
function resizedTo(image: Pixels, size: unknown): [width: number, height: number] {
  const { shortest_edge: shortest, longest_edge: longest } = (typeof size === "object" ? size : {}) as { shortest_edge?: number; longest_edge?: number };
  if (shortest === undefined && longest === undefined) return sizeOf(size);
  const grown = shortest === undefined ? 1 : Math.max(shortest / image.width, shortest / image.height);
  const factor = longest === undefined ? grown : grown * Math.min(1, longest / (image.width * grown), longest / (image.height * grown));
  const rounded = (length: number): number => Math.max(1, Math.floor(Number((length * factor).toFixed(2))));
  return [rounded(image.width), rounded(image.height)];
}

/** Cuts the middle out; where the image is smaller, black surrounds it. */
function centreCrop({ data, width: from, height: fromHeight, channels }: Pixels, width: number, height: number): Pixels {
  if (from === width && fromHeight === height) return { data, width, height, channels };
  const left = Math.floor((from - width) / 2);
  const top = Math.floor((fromHeight - height) / 2);
  const result = new Uint8Array(width * height * channels);
  const start = Math.max(0, left);
  const end = Math.min(from, left + width);
  for (let y = Math.max(0, -top); y < Math.min(height, fromHeight - top); y++) {
    const row = (y + top) * from;
    result.set(data.subarray((row + start) * channels, (row + end) * channels), (y * width + start - left) * channels);
  }
  return { data: result, width, height, channels };
}

/** Grey, RGB, with or without alpha (which is dropped) → grey or RGB. */
export function toChannels(image: Pixels, channels: 1 | 3): Pixels {
  if (image.channels === channels) return image;
  const { data, width, height, channels: from } = image;
  const result = new Uint8Array(width * height * channels);
  const grey = from < 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * from;
    if (channels === 3) {
      for (let channel = 0; channel < 3; channel++) result[pixel * 3 + channel] = data[grey ? at : at + channel] as number;
    } else {
      // Pillow's weights for luma.
      result[pixel] = grey ? (data[at] as number) : Math.round(0.299 * (data[at] as number) + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number));
    }
  }
  return { data: result, width, height, channels };
}
