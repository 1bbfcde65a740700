import { expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { pngBytes } from "./png-bytes.fixture.ts";

test("alpha is dropped, and colours under it stay", async () => {
  const png = await pngBytes(1, [[9, 9, 9, 0], [1, 2, 3, 4]]);
  expect([...(await decodeImage(png)).data]).toEqual([9, 9, 9, 1, 2, 3]);
});
