import { expect, test } from "vitest";
import { executionProviders } from "./execution-providers.ts";

test("each actor of a CUDA pool gets a device of its own", () => {
  expect([0, 1, 2].map((index) => executionProviders("cuda", index))).toEqual([
    [{ name: "cuda", deviceId: 0 }], [{ name: "cuda", deviceId: 1 }], [{ name: "cuda", deviceId: 2 }],
  ]);
});

test("names one provider, since there is no fallback to a second", () => {
  expect(executionProviders("cpu", 3)).toEqual(["cpu"]);
  expect(executionProviders("webgpu", 0)).toEqual(["webgpu"]);
});
