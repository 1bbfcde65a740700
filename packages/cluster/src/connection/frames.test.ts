import { blockFromRows, decodeBlock, encodeBlock } from "@shoal/core";
import { expect, test } from "vitest";
import { decodeFrame, encodeFrame } from "./frames.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = (header: Uint8Array): string => new TextDecoder().decode(header);

test("a payload begins at a multiple of eight, whatever the header's length", () => {
  for (let length = 2; length < 40; length++) {
    const header = `{${" ".repeat(length - 2)}}`;
    const frame = encodeFrame(bytes(header), new Uint8Array([1, 2, 3]));
    const { header: back, payload } = decodeFrame(frame);
    expect(textOf(back).trimEnd()).toBe(header);
    expect(payload).toEqual(new Uint8Array([1, 2, 3]));
    expect(payload?.byteOffset).toSatisfy((offset: number) => offset % 8 === 0);
    expect(payload?.buffer).toBe(frame.buffer);
  }
});

test("no payload, and an empty one, are none", () => {
  expect(decodeFrame(encodeFrame(bytes("{}"))).payload).toBe(undefined);
  expect(decodeFrame(encodeFrame(bytes("{}"), new Uint8Array())).payload).toBe(undefined);
});

test("blocks in it are read where they lie", () => {
  const block = blockFromRows([{ n: 1.5, text: "a" }, { n: 2.5, text: "b" }]);
  const frame = encodeFrame(bytes("{}"), encodeBlock(block));
  const { columns } = decodeBlock(decodeFrame(frame).payload as Uint8Array);
  const numbers = columns["n"]?.values;
  expect(numbers).toEqual(new Float64Array([1.5, 2.5]));
  expect(numbers).toHaveProperty("buffer", frame.buffer);
});

test("a frame at any offset of its buffer is read", () => {
  const frame = encodeFrame(bytes('{"kind":"x"}'), new Uint8Array([9]));
  const shifted = new Uint8Array(frame.byteLength + 3);
  shifted.set(frame, 3);
  const { header, payload } = decodeFrame(shifted.subarray(3));
  expect(textOf(header).trimEnd()).toBe('{"kind":"x"}');
  expect(payload).toEqual(new Uint8Array([9]));
});

test("every cut of a frame is a shorter payload, or refused", () => {
  const frame = encodeFrame(bytes('{"kind":"x"}'), new Uint8Array([1, 2]));
  for (let length = 0; length < 16; length++) expect(() => decodeFrame(frame.subarray(0, length))).toThrow(expect.objectContaining({ code: "bad-message" }));
  expect(decodeFrame(frame.subarray(0, 17)).payload).toEqual(new Uint8Array([1]));
});

test("lengths beyond the limits are refused before anything is read", () => {
  const limits = { frameBytes: 100, resultHeaderBytes: 50 };
  expect(() => decodeFrame(new Uint8Array(101), limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
  expect(() => decodeFrame(new Uint8Array([255, 255, 255, 255, 0]), limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
});
