import { silentLogger } from "@shoal/core";
import { expect, test } from "vitest";
import { onnxNodeRuntime } from "./index.ts";

const model = new Uint8Array(Buffer.from("CAcSADo3Cg4KAXgKAXgSAXkiA0FkZBIBZ1oQCgF4EgsKCQgBEgUKAxIBbmIQCgF5EgsKCQgBEgUKAxIBbkIECgAQDQ==", "base64"));
test("smoke", async () => {
  const runtime = onnxNodeRuntime();
  await using actor = await runtime.open({ device: "cpu", deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: silentLogger });
  const session = await actor.onnx(model);
  console.log(session.inputs, session.outputs);
  const r = await session.run({ x: { type: "float32", shape: [2], data: Float32Array.of(1, 2) } });
  console.log(r);
  expect(r["y"]!.data).toEqual(Float32Array.of(2, 4));
  console.log(await session.run({}).catch(String), await session.run({x: { type: "float32", shape: [2,1], data: Float32Array.of(1, 2) } }).catch(String));
  console.log(await runtime.probe());
});
