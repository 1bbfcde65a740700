import { describe, expect, it } from "vitest";
import { imageProcessor, toChannels } from "./image-processor.ts";
import type { Pixels } from "./pixels.ts";
import { resize } from "./resize.ts";

function grey(width: number, height: number, value: (x: number, y: number) => number): Pixels {
  return { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, at) => value(at % width, Math.floor(at / width))) };
}

const numbers = (image: Pixels): number[] => [...image.data];
const stripes = grey(8, 1, (x) => (x % 2) * 200);

describe("making an image smaller", () => {
  it("averages all that a pixel covers, or looks at a few", () => {
    expect(numbers(resize(stripes, 2, 1, 4, "average"))).toEqual([100, 100]);
    // Pillow's triangle over a reduction by 4: the weights of 1, 3, 5, 7, 7, 5, 3, 1 eighths that lie in the image.
    expect(numbers(resize(stripes, 2, 1, 2, "average"))).toEqual([93, 107]);
    expect(numbers(resize(stripes, 2, 1, 2, "sample"))).toEqual([0, 0]);
    expect(numbers(resize(grey(4, 4, (x, y) => x * 10 + y), 2, 2, 0, "sample"))).toEqual([11, 31, 13, 33]);
  });

  it("keeps an even image even, whatever the filter and the size", () => {
    const even = grey(13, 7, () => 77);
    for (const reduction of ["average", "sample"] as const) {
      for (const filter of [0, 1, 2, 3, 4, 5] as const) {
        for (const [width, height] of [[5, 3], [13, 20], [40, 7], [1, 1]] as const) expect(new Set(resize(even, width, height, filter, reduction).data)).toEqual(new Set([77]));
      }
    }
  });

  it("samples between its neighbours, from the top left corner", () => {
    expect(numbers(resize(grey(4, 1, (x) => x * 30), 3, 1, 2, "sample"))).toEqual([0, 40, 80]);
    expect(numbers(resize(grey(2, 2, (x, y) => x * 100 + y * 50), 4, 4, 2, "sample"))).toEqual([0, 50, 100, 100, 25, 75, 125, 125, 50, 100, 150, 150, 50, 100, 150, 150]);
  });
});

describe("preprocessor_config.json", () => {
  const image = grey(40, 20, (x) => x);

  it("resizes the shorter side and cuts the middle out", () => {
    const processor = imageProcessor({ size: { shortest_edge: 10 }, resample: 4, do_center_crop: true, crop_size: { height: 8, width: 8 } }, 1, "average", "test");
    const prepared = processor.prepare(image);
    expect([prepared.width, prepared.height]).toEqual([8, 8]);
    expect(numbers(prepared).slice(0, 8)).toEqual([13, 15, 17, 19, 21, 23, 25, 27].map((value) => expect.closeTo(value, -0.5)));
  });

  it("surrounds what is too small with black", () => {
    const prepared = imageProcessor({ do_resize: false, do_center_crop: true, crop_size: 4 }, 1, "sample", "test").prepare(grey(2, 2, () => 9));
    expect(numbers(prepared)).toEqual([0, 0, 0, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 0, 0, 0]);
  });

  it("scales and shifts each channel, as planes, in the order asked for", () => {
    const bytes = Uint8Array.of(0, 51, 255, 255, 102, 0);
    const target = new Float32Array(6);
    imageProcessor({ do_normalize: true, image_mean: [0, 0.2, 0.5], image_std: [1, 0.5, 0.25] }, 3, "sample", "test").normalize(bytes, target);
    expect([...target].map((value) => Math.round(value * 100) / 100)).toEqual([0, 1, 0, 0.4, 2, -2]);
    imageProcessor({ do_rescale: false, do_flip_channel_order: true }, 3, "sample", "test").normalize(bytes, target);
    expect([...target]).toEqual([255, 0, 51, 102, 0, 255]);
  });

  it("refuses what it can't do", () => {
    expect(() => imageProcessor({ do_pad: true }, 3, "sample", "test")).toThrow(/do_pad/);
  });

  it("makes colours of grey and grey of colours, without alpha", () => {
    expect(numbers(toChannels({ width: 1, height: 1, channels: 2, data: Uint8Array.of(7, 9) }, 3))).toEqual([7, 7, 7]);
    expect(numbers(toChannels({ width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 9) }, 1))).toEqual([76]);
  });
});
