import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TravellingFile } from "@shoal/cluster";
import { silentLogger, type DeclarativePredictorSpec } from "@shoal/core";
import { onnx } from "../onnx.ts";
import { sentiment, storyteller } from "../tiny-models.ts";
import { textClassification, textGeneration } from "../transformers.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModel } from "./find-model.ts";

const find = findModel({ log: silentLogger });
const { signal } = new AbortController();
const specOf = (step: { readonly spec: unknown }): DeclarativePredictorSpec => step.spec as DeclarativePredictorSpec;
const labelled = (model: string, more: object = {}) => specOf(textClassification({ model, input: "text", output: "label", ...more }));
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bytesOf = async (file: TravellingFile): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read(signal)) pieces.push(piece);
  return Buffer.concat(pieces);
};

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "shoal-models-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the files of a model that go to the coordinator", () => {
  test("are those that loading it reads, as they lie here", async () => {
    const model = await find(labelled(sentiment), signal);
    expect(model?.entry).toBeUndefined();
    expect(model?.files.map(({ path }) => path)).toEqual(["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"]);
    for (const file of model?.files ?? []) {
      const bytes = await readFile(join(fileURLToPath(sentiment), file.path));
      expect(file).toMatchObject({ sha256: sha256(bytes), bytes: bytes.byteLength, localPath: join(fileURLToPath(sentiment), file.path) });
      expect((await bytesOf(file)).equals(bytes)).toBe(true);
    }
  });

  test("depend on the task, and leave out what it does not read", async () => {
    const model = await find(specOf(textGeneration({ model: storyteller, input: "prompt", output: "text" })), signal);
    const there = await readdir(fileURLToPath(storyteller));
    expect(there).toContain("golden.json");
    expect(model?.files.map(({ path }) => path)).toEqual(["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"]);
  });

  test("hold the graph of every dtype that is to be tried and that the model has", async () => {
    expect((await find(labelled(sentiment, { dtype: "auto" }), signal))?.files.filter(({ path }) => path.startsWith("onnx/")).map(({ path }) => path)).toEqual(["onnx/model.onnx"]);
    await expect(find(labelled(sentiment, { dtype: "q4" }), signal)).rejects.toMatchObject({ code: "model-not-found" });
  });

  test("of a folder that is not there are an error", async () => {
    await expect(find(labelled("./no-such-model"), signal)).rejects.toMatchObject({ code: "model-not-found" });
  });

  test("are none at an http address: whoever needs the model gets it there", async () => {
    expect(await find(labelled("https://models.example/sentiment/"), signal)).toBeUndefined();
    expect(await find(specOf(onnx({ model: "https://models.example/net.onnx", inputs: { x: "x" }, outputs: { y: "y" } })), signal)).toBeUndefined();
  });

  test("of a hub's model are downloaded first", async () => {
    const root = fileURLToPath(sentiment);
    const server = createServer((request, response) => {
      const path = /^\/tiny\/sentiment\/resolve\/main\/(.+)$/.exec(request.url ?? "")?.[1];
      readFile(join(root, path ?? "nothing")).then((bytes) => response.writeHead(200, { "content-length": bytes.byteLength, etag: '"1"' }).end(request.method === "HEAD" ? undefined : bytes), () => response.writeHead(404).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const model = await findModel({ log: silentLogger, hub: { endpoint, cacheDirectory: join(folder, "hub") } })(labelled("tiny/sentiment"), signal);
    server.close();
    expect(model?.files.map(({ path }) => path)).toEqual(["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"]);
    expect(model?.files.map((file) => file.sha256)).toEqual((await find(labelled(sentiment), signal))?.files.map((file) => file.sha256));
    expect(model?.files[0]?.localPath).toContain(join(folder, "hub"));
  });
});

describe("an ONNX file", () => {
  const spec = (model: string): DeclarativePredictorSpec => specOf(onnx({ model, inputs: { x: "x" }, outputs: { y: "y" } }));

  test("goes alone, and is what is to be loaded", async () => {
    const path = join(folder, "net one.onnx");
    await writeFile(path, "graph");
    for (const place of [path, new URL(`file://${path.replace(" ", "%20")}`).href]) {
      expect(await find(spec(place), signal)).toMatchObject({ entry: "net one.onnx", files: [{ path: "net one.onnx", bytes: 5, sha256: sha256(Buffer.from("graph")), localPath: path }] });
    }
  });

  test("is hashed again when it has changed", async () => {
    const path = join(folder, "changing.onnx");
    await writeFile(path, "one");
    const before = await find(spec(path), signal);
    await writeFile(path, "two!");
    const after = await find(spec(path), signal);
    expect([before?.files[0]?.sha256, after?.files[0]?.sha256]).toEqual([sha256(Buffer.from("one")), sha256(Buffer.from("two!"))]);
  });

  test("with its weights beside it is refused, saying what to do", async () => {
    const path = join(folder, "large.onnx");
    await writeFile(path, "graph with large.onnx_data");
    await writeFile(join(folder, "large.onnx_data"), "weights");
    await expect(find(spec(path), signal)).rejects.toMatchObject({ code: "unsupported-model", message: expect.stringContaining(basename(path)) as string });
  });
});
