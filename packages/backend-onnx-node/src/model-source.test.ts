import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { modelSource } from "./model-source.ts";

const never = new AbortController().signal;
const folder = await mkdtemp(join(tmpdir(), "shoal-model-"));
const path = join(folder, "m.onnx");
await writeFile(path, "model");
afterAll(() => rm(folder, { recursive: true }));

test("paths and file URLs stay paths, so that external data is found beside them", async () => {
  for (const model of [path, pathToFileURL(path), pathToFileURL(path).href]) expect(await modelSource(model, never)).toEqual({ name: path, source: path });
});

test("bytes are copied, since they move to the session's thread", async () => {
  const bytes = Uint8Array.of(0, 1, 2, 3).subarray(1, 3);
  const { source } = await modelSource(bytes, never);
  expect(source).toEqual(Uint8Array.of(1, 2));
  expect((source as Uint8Array).buffer).not.toBe(bytes.buffer);
});

test("http models are fetched; what the server says otherwise is told", async () => {
  const server = createServer((request, response) => (request.url === "/m.onnx" ? response.end("model") : response.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const { source } = await modelSource(new URL(`http://127.0.0.1:${port}/m.onnx`), never);
    expect(new TextDecoder().decode(source as Uint8Array)).toBe("model");
    await expect(modelSource(`http://127.0.0.1:${port}/other`, never)).rejects.toMatchObject({ code: "download-failed", message: expect.stringContaining("404") as string });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  await expect(modelSource(`http://127.0.0.1:${port}/m.onnx`, never)).rejects.toMatchObject({ code: "download-failed" });
});

test("a model that is not there is an error of its path", async () => {
  await expect(modelSource(join(folder, "other.onnx"), never)).rejects.toMatchObject({ code: "model-not-found", message: expect.stringContaining("other.onnx does not exist") as string });
  await expect(modelSource(folder, never)).rejects.toMatchObject({ message: expect.stringContaining("is not a file") as string });
});
