import { expect, test } from "vitest";
import { externalDataPaths } from "./external-data.ts";

/** A tensor's `external_data` as ONNX has it: entries of key and value. */
function entry(key: string, value: string): Uint8Array {
  const [name, text] = [key, value].map((part) => new TextEncoder().encode(part)) as [Uint8Array, Uint8Array];
  return Uint8Array.of(0x0a, name.length, ...name, 0x12, text.length, ...text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test("each file is named once, wherever its tensors are", () => {
  const model = joined(Uint8Array.of(8, 7, 0x0a, 8), entry("location", "model.onnx_data"), entry("offset", "0"), entry("location", "größe/1.bin"), entry("location", "model.onnx_data"));
  expect(externalDataPaths(model)).toEqual(["model.onnx_data", "größe/1.bin"]);
});

test("the word alone is no file", () => {
  expect(externalDataPaths(new TextEncoder().encode("\n\u0008location"))).toEqual([]);
  expect(externalDataPaths(new TextEncoder().encode("location"))).toEqual([]);
  expect(externalDataPaths(new Uint8Array(0))).toEqual([]);
});
