import { expect, test } from "vitest";
import { float16ToFloat32, float32ToFloat16 } from "./float16.ts";

test("every half float survives the way to float32 and back", () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const isNaNBits = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
  const back = float32ToFloat16(float16ToFloat32(all));
  expect([...all].filter((bits) => !isNaNBits(bits) && back[bits] !== bits)).toEqual([]);
  expect([...all].filter((bits) => isNaNBits(bits) && !isNaNBits(back[bits] as number))).toEqual([]);
});

test("rounds to the nearest half, ties to even, and overflows to infinity", () => {
  const bits = float32ToFloat16(Float32Array.of(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65_519, 65_520, -1e10, 2 ** -25, 2 ** -25 + 2 ** -40, 2 ** -24, 2047.5 * 2 ** -25));
  expect([...float16ToFloat32(bits)]).toEqual([1, 1, 1 + 2 ** -9, 65_504, Infinity, -Infinity, 0, 2 ** -24, 2 ** -24, 2 ** -14]);
});

test("takes views that start anywhere", () => {
  expect([...float32ToFloat16(Float32Array.of(9, 1, 2).subarray(1))]).toEqual([0x3c00, 0x4000]);
});
