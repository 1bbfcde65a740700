// What a person writes for a page; a test builds it with vite and calls its stories in Chromium.
import { fromItems, readJsonl, type Device, type RunEvent } from "shoal";
import { sentiment, storyteller } from "shoal/tiny-models";
import { textClassification, textGeneration } from "shoal/transformers";
import { score } from "./score.ts";

const opinions = [{ text: "I loved this film" }, { text: "The food was terrible" }, { text: "A great place with wonderful people" }];

async function label(device: Device, rows = opinions) {
  const labelled = fromItems(rows).mapBatches(textClassification({ model: sentiment, input: "text", output: "label", scoreOutput: "score" }), { device });
  return labelled.takeAll(Infinity);
}

const worker = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const scored = () => fromItems([{ n: 3 }, { n: 4 }]).mapBatches(score).takeAll(Infinity, { worker });

/** The stories, each plain data in and out. */
export const stories = {
  label,

  complete: (device: Device, prompts: readonly { readonly prompt: string }[]) =>
    fromItems(prompts)
      .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 8 }), { device })
      .takeAll(),

  /** As in a hidden page, only worse: its timers never fire. */
  async withoutTimers() {
    const real = [globalThis.setTimeout, globalThis.setInterval];
    Object.assign(globalThis, { setTimeout: () => 0, setInterval: () => 0 });
    try {
      return (await label("wasm", Array.from({ length: 200 }, (_, row) => opinions[row % 3] as { text: string }))).length;
    } finally {
      Object.assign(globalThis, { setTimeout: real[0], setInterval: real[1] });
    }
  },

  scored,

  /** Without the worker entry that a bundle needs. */
  scoredByModule: () => fromItems([{ n: 3 }]).mapBatches(score).takeAll().then(String, (error: { code: string; hint: string }) => ({ code: error.code, hint: error.hint })),

  async throughFiles() {
    const events: RunEvent["kind"][] = [];
    const report = await fromItems(opinions).map((row) => ({ ...row, length: row.text.length })).writeJsonl("opfs:/opinions.jsonl", { mode: "overwrite", onEvent: (event) => events.push(event.kind) });
    const read = await readJsonl<{ text: string; length: number }>("opfs:/opinions.jsonl").takeAll();
    return { rows: report.result.rows, read, finished: events.includes("run-finished") };
  },

  missing: (model: string) =>
    fromItems(opinions).mapBatches(textClassification({ model, input: "text", output: "label" }), { device: "wasm" }).takeAll().then(String, (error: { code: string; message: string }) => ({ code: error.code, message: error.message })),

  /** A model that lies on the page's own server; what this origin keeps of it. */
  async served() {
    const rows = await fromItems(opinions).mapBatches(textClassification({ model: "/models/sentiment/", input: "text", output: "label" }), { device: "wasm" }).takeAll();
    const kept = await (await caches.open("shoal-models")).keys();
    return { labels: rows.map((row) => row.label), kept: kept.map(({ url }) => new URL(url).pathname).sort() };
  },
};

Object.assign(globalThis, { stories });
