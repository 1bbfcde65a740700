import { expect, test } from "vitest";
import { decodeAbout, encodeAbout } from "./stored-result.ts";

test("what is said of a result comes back from its blob", () => {
  const about = { failures: [{ row: 1, attempts: 2, error: { code: "bad", message: "a bäd row" } }], stats: { device: "cpu", preprocessMs: 1, predictMs: 2, postprocessMs: 3, batches: [4], counts: { tokens: 5 } } };
  expect(decodeAbout(encodeAbout(about))).toEqual(about);
  expect(() => decodeAbout(new Uint8Array(3))).toThrow(expect.objectContaining({ code: "bad-blob" }));
});
