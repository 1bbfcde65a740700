import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sentiment } from "@shoal/tiny-models";

const run = promisify(execFile);
const out = fileURLToPath(new URL("../out/", import.meta.url));
let folder: string;

// Inside the workspace, so that packages are found by name.
beforeAll(async () => {
  await mkdir(out, { recursive: true });
  folder = await mkdtemp(`${out}model-download-`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const job = `
  import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
  import { textClassification, transformersBackend } from "@shoal/backend-transformers";
  import { blockFromRows, blockRows, type ActorContext, type Block } from "@shoal/core";
  const { signal } = new AbortController();
  const base = { device: "cpu", deviceIndex: 0, threads: 1, signal, log: { debug() {}, info() {}, warn() {} }, count() {} } as const;
  await using runtime = await onnxNodeRuntime().open(base);
  const actor: ActorContext = { ...base, onnx: runtime.onnx };
  const predictor = await transformersBackend().load(textClassification({ model: "tiny/sentiment", input: "text", output: "label" }).spec as never, actor);
  const prepared = await predictor.preprocess!(blockFromRows([{ text: "I loved this film" }]), signal);
  const predicted = await (predictor.predict(prepared, signal) as Promise<Block>);
  console.log(JSON.stringify([...blockRows(await predictor.postprocess!(predicted, signal))]));
  await predictor.dispose?.();
`;

it("several processes that need a model at once download it once", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = /^\/tiny\/sentiment\/resolve\/main\/(.+)$/.exec(request.url ?? "")?.[1];
    asked.push(path ?? String(request.url));
    // Slow enough that all of them come while the first is at it.
    setTimeout(() => void readFile(new URL(path ?? "", sentiment)).then((bytes) => response.end(bytes), () => response.writeHead(404).end()), 300);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await writeFile(`${folder}/job.ts`, job);
    const env = { ...process.env, HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, HF_HOME: `${folder}/cache`, HF_HUB_OFFLINE: "0" };
    const runs = Array.from({ length: 3 }, () => run(process.execPath, ["--conditions=@shoal/source", "--import", "@shoal/workers/ts-loader", "job.ts"], { cwd: folder, env }));
    for (const { stdout } of await Promise.all(runs)) expect(stdout).toBe(`[{"label":"POSITIVE"}]\n`);
    expect(asked.toSorted()).toEqual(["config.json", "onnx/model.onnx", "tokenizer.json", "tokenizer_config.json"]);
    const left = (await readdir(`${folder}/cache`, { recursive: true })).filter((name) => /lock|partial|etag/.test(name));
    expect(left).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
