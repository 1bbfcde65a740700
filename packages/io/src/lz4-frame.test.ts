import { expect, test } from "vitest";
import { decodeLz4Frame } from "./lz4-frame.ts";

const u32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const header = [...u32(0x184d2204), 0x60, 0x40, 0];
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const ascii = (words: string): number[] => [...new TextEncoder().encode(words)];

test("stored and compressed blocks follow each other, and look back over each other", () => {
  const stored = [...u32((3 | 0x8000_0000) >>> 0), ...ascii("abc")];
  // One literal, a match of 4 + 15 + 2 bytes from 4 back, then two literals to the end.
  const block = [0x1f, ...ascii("d"), 4, 0, 2, 0x20, ...ascii("ef")];
  const frame = new Uint8Array([...header, ...stored, ...u32(block.length), ...block, ...u32(0)]);
  expect(text(decodeLz4Frame(frame))).toBe(`abcd${"abcd".repeat(5)}aef`);
});

test.each([
  ["other bytes", [1, 2, 3, 4, 5, 6, 7, 8]],
  ["a block cut short", [...header, ...u32(100), 1, 2]],
  ["a frame without an end", [...header, ...u32((1 | 0x8000_0000) >>> 0), 65]],
  ["a match before the beginning", [...header, ...u32(4), 0x10, 65, 9, 0, ...u32(0)]],
])("%s are refused", (_name, bytes) => {
  expect(() => decodeLz4Frame(new Uint8Array(bytes))).toThrow(RangeError);
});
