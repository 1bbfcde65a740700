import { expect, test } from "vitest";
import { modelName, readModel } from "./read-model.ts";

const never = new AbortController().signal;
const files: Record<string, Uint8Array> = {
  "models/m.onnx": Uint8Array.of(0x0a, 8, ...new TextEncoder().encode("location"), 0x12, 5, ...new TextEncoder().encode("w.bin")),
  "models/w.bin": Uint8Array.of(1, 2),
  "/models/m.onnx": Uint8Array.of(9),
};

async function readFile(path: string): Promise<Uint8Array> {
  const file = files[path];
  if (file === undefined) throw Object.assign(new Error(path), { code: path.endsWith("/") ? "EISDIR" : "ENOENT" });
  return file;
}

test("a model brings the files beside it that its tensors are in", async () => {
  expect(await readModel("models/m.onnx", undefined, readFile, never)).toEqual({ bytes: files["models/m.onnx"], externalData: { "w.bin": Uint8Array.of(1, 2) } });
  expect((await readModel("models/m.onnx", { "w.bin": Uint8Array.of(3) }, readFile, never)).externalData).toEqual({ "w.bin": Uint8Array.of(3) });
});

test("file URLs are paths, bytes are themselves, data URLs are fetched", async () => {
  expect((await readModel(new URL("file:///models/m.onnx"), undefined, readFile, never)).bytes).toEqual(Uint8Array.of(9));
  const bytes = Uint8Array.of(1);
  expect((await readModel(bytes, undefined, readFile, never)).bytes).toBe(bytes);
  expect(modelName(bytes)).toBe("the model of 1 bytes");
  expect((await readModel("data:application/octet-stream;base64,AQI=", undefined, undefined, never)).bytes).toEqual(Uint8Array.of(1, 2));
});

test("what is not there is named", async () => {
  await expect(readModel("models/other.onnx", undefined, readFile, never)).rejects.toMatchObject({ code: "model-not-found", details: { path: "models/other.onnx" } });
  await expect(readModel("models/", undefined, readFile, never)).rejects.toThrow("is not a file");
});
