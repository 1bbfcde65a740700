import { columnValue, type Column, type RasterImage } from "@shoal/core";
import { decodeImage, imagesSource } from "@shoal/io";
import { describe, expect, test } from "vitest";
import { readAll, refusal, sharedFolder } from "./shared-data.ts";

const pngsuite = sharedFolder("pngsuite");
const exif = sharedFolder("exif");

const oddSizes = /^(PngSuite|cdf|cdh|cds|cdu|ccw)/;

describe.skipIf(pngsuite.missing)("PngSuite", () => {
  test("every good file is read, to 3 bytes a pixel", async () => {
    const good = pngsuite.names(/^[^x].*\.png$/).map(pngsuite.path);
    const block = await readAll(imagesSource(good));
    expect(block.rows).toBe(161);
    for (let row = 0; row < block.rows; row++) {
      const name = String(columnValue(block.columns["path"] as Column, row)).split("/").at(-1) as string;
      // Files named sNN are NN wide and high; the others, but for three, are 32.
      const side = Number(/^s(\d\d)/.exec(name)?.[1] ?? (oddSizes.test(name) ? NaN : 32));
      const { width, height, channels, data } = columnValue(block.columns["image"] as Column, row) as RasterImage;
      expect([name, width, height]).toEqual([name, side || width, side || height]);
      expect([channels, data.length]).toEqual([3, width * height * 3]);
    }
  });

  // The same picture in every form: interlaced or not, filtered or not, cut into chunks, compressed more or less.
  test.each([
    ["basi0g01", "basn0g01"], ["basi0g16", "basn0g16"], ["basi2c08", "basn2c08"], ["basi2c16", "basn2c16"], ["basi3p04", "basn3p04"], ["basi4a16", "basn4a16"], ["basi6a08", "basn6a08"],
    ["oi1n0g16", "oi9n0g16"], ["oi2n2c16", "oi4n2c16"], ["z00n2c08", "z09n2c08"], ["s39i3p04", "s39n3p04"], ["pp0n2c16", "basn2c16"], ["bgan6a08", "basn6a08"],
  ])("%s and %s are the same picture", async (one, other) => {
    for (const mode of ["rgb", "rgba", "grey"] as const) {
      const [a, b] = await Promise.all([one, other].map((name) => decodeImage(pngsuite.path(`${name}.png`), { mode })));
      expect(a).toEqual(b);
    }
  });

  test("grey, palette, 16 bits and alpha have the right values", async () => {
    const grey = await decodeImage(pngsuite.path("basn0g08.png"), { mode: "grey" });
    expect(Array.from(grey.data.slice(0, 4))).toEqual([0, 1, 2, 3]);
    const sixteen = await decodeImage(pngsuite.path("basn2c16.png"));
    expect(Array.from(sixteen.data.slice(0, 3))).toEqual([255, 255, 0]);
    const alpha = await decodeImage(pngsuite.path("basn4a08.png"), { mode: "rgba" });
    expect([...alpha.data.slice(0, 4), ...alpha.data.slice(-4)].filter((_, at) => at % 4 === 3)).toEqual([0, 255]);
    const palette = await decodeImage(pngsuite.path("basn3p01.png"));
    expect(Array.from(palette.data.slice(0, 3))).toEqual([238, 255, 34]);
  });

  test.each(pngsuite.names(/^x.*\.png$/))("%s is corrupt, and refused", async (file) => {
    expect((await refusal(imagesSource(pngsuite.path(file)), file)).code).toBe("bad-file");
  });
});

describe.skipIf(exif.missing)("EXIF orientation", () => {
  test("a photo stored on its side gives the picture of one stored upright", async () => {
    const [upright, side] = await Promise.all(["Portrait_1.jpg", "Portrait_6.jpg"].map((name) => decodeImage(exif.path(name), { size: [60, 40] })));
    const full = await decodeImage(exif.path("Portrait_6.jpg"));
    expect([full.width, full.height]).toEqual([1200, 1800]);
    const difference = upright?.data.reduce((sum, value, at) => sum + Math.abs(value - (side?.data[at] ?? 0)), 0) ?? Infinity;
    expect(difference / (60 * 40 * 3)).toBeLessThan(2);
  });
});
