import { blockFromRows } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import { decodeFragments, decodeFrame, encodeHead, joinFrame } from "./frames.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = (header: Uint8Array): string => new TextDecoder().decode(header);

test("a payload begins at a multiple of eight, whatever the header's length", () => {
  for (let length = 2; length < 40; length++) {
    const header = `{${" ".repeat(length - 2)}}`;
    const frame = joinFrame(encodeHead(bytes(header)), new Uint8Array([1, 2, 3]));
    const { header: back, payload } = decodeFrame(frame);
    expect(textOf(back).trimEnd()).toBe(header);
    expect(payload).toEqual(new Uint8Array([1, 2, 3]));
    expect(payload?.byteOffset).toSatisfy((offset: number) => offset % 8 === 0);
    expect(payload?.buffer).toBe(frame.buffer);
  }
});

test("no payload, and an empty one, are none", () => {
  expect(decodeFrame(joinFrame(encodeHead(bytes("{}")))).payload).toBe(undefined);
  expect(decodeFrame(joinFrame(encodeHead(bytes("{}")), new Uint8Array())).payload).toBe(undefined);
});

test("blocks in it are read where they lie", () => {
  const block = blockFromRows([{ n: 1.5, text: "a" }, { n: 2.5, text: "b" }]);
  const frame = joinFrame(encodeHead(bytes("{}")), encodeBlock(block));
  const { columns } = decodeBlock(decodeFrame(frame).payload as Uint8Array);
  const numbers = columns["n"]?.values;
  expect(numbers).toEqual(new Float64Array([1.5, 2.5]));
  expect(numbers).toHaveProperty("buffer", frame.buffer);
});

test("a frame at any offset of its buffer is read", () => {
  const frame = joinFrame(encodeHead(bytes('{"kind":"x"}')), new Uint8Array([9]));
  const shifted = new Uint8Array(frame.byteLength + 3);
  shifted.set(frame, 3);
  const { header, payload } = decodeFrame(shifted.subarray(3));
  expect(textOf(header).trimEnd()).toBe('{"kind":"x"}');
  expect(payload).toEqual(new Uint8Array([9]));
});

test("every cut of a frame is a shorter payload, or refused", () => {
  const frame = joinFrame(encodeHead(bytes('{"kind":"x"}')), new Uint8Array([1, 2]));
  for (let length = 0; length < 16; length++) expect(() => decodeFrame(frame.subarray(0, length))).toThrow(expect.objectContaining({ code: "bad-message" }));
  expect(decodeFrame(frame.subarray(0, 17)).payload).toEqual(new Uint8Array([1]));
});

test("lengths beyond the limits are refused before anything is read", () => {
  const limits = { frameBytes: 100, resultHeaderBytes: 50 };
  expect(() => decodeFrame(new Uint8Array(101), limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
  expect(() => decodeFrame(new Uint8Array([255, 255, 255, 255, 0]), limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
});

test("a frame in fragments is the same frame, wherever it was cut", () => {
  const [header, payload] = [bytes('{"kind":"offer"}'), new Uint8Array(100).map((_, at) => at)];
  const frame = joinFrame(encodeHead(header), payload);
  const cuts = [[], [frame.byteLength - 100], [1], [4], [20], [3, 30], [frame.byteLength - 100, frame.byteLength - 50], [frame.byteLength - 1]];
  for (const cut of cuts) {
    const fragments = [0, ...cut].map((start, at) => Buffer.from(frame).subarray(start, cut[at]));
    const back = decodeFragments(fragments);
    expect(textOf(back.header).trimEnd(), `cut at ${cut.join()}`).toBe('{"kind":"offer"}');
    expect(back.payload).toEqual(payload);
    expect(back.payload?.byteOffset).toSatisfy((offset: number) => offset % 8 === 0);
  }
});

test("a payload that has a buffer of its own is not copied; one that lies among other bytes is", () => {
  const head = encodeHead(bytes("{}"));
  const large = new Uint8Array(1 << 16).fill(7);
  expect(decodeFragments([head, large]).payload?.buffer).toBe(large.buffer);
  const among = new Uint8Array(100).subarray(3, 13);
  const { payload } = decodeFragments([head, among]);
  expect([payload?.byteLength, payload?.buffer.byteLength]).toEqual([10, 10]);
});

test("fragments that are too much together, or nothing, are refused", () => {
  const limits = { frameBytes: 1000, resultHeaderBytes: 500 };
  const [head, half] = [encodeHead(bytes("{}")), new Uint8Array(500)];
  expect(() => decodeFragments([head, new Uint8Array(1000)], limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
  expect(() => decodeFragments([head, half, half], limits)).toThrow(expect.objectContaining({ code: "message-too-large" }));
  expect(() => decodeFragments([encodeHead(new Uint8Array(501).fill(0x20)), half], { ...limits, frameBytes: 5000 })).toThrow(expect.objectContaining({ code: "message-too-large" }));
  expect(() => decodeFragments([], limits)).toThrow(expect.objectContaining({ code: "bad-message" }));
  expect(decodeFragments([head, new Uint8Array()]).payload).toBe(undefined);
});
