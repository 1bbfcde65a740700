import { describe, expect, test } from "vitest";
import { sampleValue } from "./sample-value.ts";

describe("a sample", () => {
  test("is JSON, and long things are cut", () => {
    expect(sampleValue("x".repeat(1000))).toHaveLength(301);
    expect(sampleValue({ a: [1, 2.123456, 3], b: new Float32Array(100), c: 7n, d: null, e: Number.NaN, f: new Date(0) })).toEqual({
      a: "[1, 2.123, 3]", b: "[0, 0, 0, 0, 0, 0, 0, 0, … 100 numbers]", c: "7", d: null, e: "NaN", f: "1970-01-01T00:00:00.000Z",
    });
  });

  test("shows pictures small", () => {
    const picture = sampleValue({ width: 200, height: 100, channels: 3, data: new Uint8Array(200 * 100 * 3).fill(9) });
    expect(picture).toMatch(/^data:image\/bmp;base64,Qk/);
    expect((picture as string).length).toBeLessThan(12_000);
    expect(sampleValue(new Uint8Array([0xff, 0xd8, 0xff, 0]))).toBe("data:image/jpeg;base64,/9j/AA==");
    expect(sampleValue(new Uint8Array(5))).toBe("5 bytes");
  });
});
