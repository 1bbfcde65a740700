import { expect, test } from "vitest";
import { namedDataFiles } from "./named-data-files.ts";

const graphOf = (...parts: string[]): Uint8Array => Uint8Array.from(parts.join("\u0000\u00FF\u0012"), (character) => character.charCodeAt(0));

test("the names of files of weights are found among the bytes of a graph", () => {
  const graph = graphOf("location", "\u0010model.onnx_data", "weights.3", "decoder-merged_q4.v2.onnx_data_12", "model.onnx.data", "model.onnx_data", "ends with.onnx", "model.onnx");
  expect([...namedDataFiles(graph)]).toEqual(["model.onnx_data", "decoder-merged_q4.v2.onnx_data_12", "model.onnx.data"]);
});

test("and none where there are none", () => {
  expect(namedDataFiles(new Uint8Array())).toEqual(new Set());
  expect(namedDataFiles(graphOf(".", ".onnx", ".onnx_data", "a.onnx_dat"))).toEqual(new Set());
  expect(namedDataFiles(new Uint8Array(100_000).fill(0x2e))).toEqual(new Set());
});
