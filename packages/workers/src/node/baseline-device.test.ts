import { expect, test } from "vitest";
import { baselineDevice, type Surroundings } from "./baseline-device.ts";

const both = ["onnxruntime-node", "onnxruntime-web"];

function device(libraries: readonly string[], folders: Record<string, readonly string[]> = {}): string {
  const surroundings: Surroundings = { installed: (library) => libraries.includes(library), entries: (folder) => folders[folder] ?? [], platform: "linux" };
  return baselineDevice(surroundings);
}

test("every model runs on the CPU, by wasm where only that library is there", () => {
  expect(device(both)).toBe("cpu");
  expect(device(["onnxruntime-web"])).toBe("wasm");
  expect(device([]), "whose error says what to install").toBe("cpu");
});

test("a musl system can't load the native library", () => {
  const musl = { "/lib": ["ld-musl-x86_64.so.1"] };
  expect(device(both, musl)).toBe("wasm");
  expect(device(["onnxruntime-node"], musl)).toBe("cpu");
  expect(device(both, { ...musl, "/lib64": ["ld-linux-x86-64.so.2"] }), "both loaders are there").toBe("cpu");
});

test("here both libraries are installed", () => {
  expect(baselineDevice()).toBe("cpu");
});
