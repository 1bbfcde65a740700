// In a file of its own: loading a predictor makes its process an actor.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { blockFromRows, blockRows, predictorLoader, silentLogger, type ActorContext, type Block, type ModulePredictorSpec } from "@shoal/core";
import { expect, onTestFinished, test } from "vitest";
import { openDoors } from "../doors/all.ts";
import { bundlePredictor } from "./bundle-predictor.ts";
import { words } from "./words.fixture.ts";

test("code that travelled predicts wherever it lies, in a folder without packages", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-code-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const spec = { ...(words.spec as ModulePredictorSpec), args: { least: 1 } };
  const path = join(folder, "code.mjs");
  for await (const bytes of (await bundlePredictor(spec, signal)).read(signal)) await writeFile(path, bytes);
  openDoors();
  const actor = { device: "cpu", deviceIndex: 0, threads: 1, signal, log: silentLogger, onnx: () => Promise.reject(new Error("none")), count: () => {} } as ActorContext;
  const predictor = await predictorLoader([], (url) => import(url))({ ...spec, module: pathToFileURL(path).href }, actor);
  const result = await (predictor.predict(blockFromRows([{ text: "one two" }, { text: "three" }]), signal) as Promise<Block>);
  expect([...blockRows(result)]).toEqual([{ text: "one two", words: "2 words" }, { text: "three", words: "1 word" }]);
});
