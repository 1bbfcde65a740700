import { expect, test } from "vitest";
import { coordinatorCopy } from "./coordinator-copy.ts";

const hash = "0a".repeat(32);

test("copies of a coordinator's model are kept without the key", () => {
  expect(coordinatorCopy(`https://host.example/base/models/~key.of-mine/${hash}/onnx/model.onnx`)).toBe(`https://host.example/base/models/${hash}/onnx/model.onnx`);
  expect(coordinatorCopy(`http://host.example:80/models/~k/${hash}/`)).toBe(`http://host.example:80/models/${hash}/`);
});

test.each([`https://host.example/models/${hash}/config.json`, "https://host.example/models/~me/llama/config.json", "org/name"])("%s is kept as it is called", (url) => {
  expect(coordinatorCopy(url)).toBeUndefined();
});
