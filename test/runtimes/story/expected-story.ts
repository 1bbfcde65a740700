// What the story is told over, and what must come of it: the goldens of the models.
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { sentiment, storyteller } from "@shoal/tiny-models";
import { golden, sharedModelsMissing, sharedPath } from "../../conformance/load-transformers.ts";
import type { DeviceChapter, RecoveryChapter } from "./story.ts";

type Cases<Case> = { readonly cases: readonly Case[] };
const shipped = <Case>(model: string): readonly Case[] => (JSON.parse(readFileSync(new URL("golden.json", model), "utf8")) as Cases<Case>).cases;

// Few: software GPUs take a second for some of these.
const opinions = shipped<{ text: string; label: string; score: number }>(sentiment).slice(0, 6);
const prompts = shipped<{ prompt: string; text: string }>(storyteller).slice(0, 3);
const numbers = [1, 2, 3, 4, 5].map((n) => [n, 0, n / 2, -n]);
const phrases = (golden<{ cases: Record<string, readonly { input: string; output: readonly number[] }[]> }>("intent-embed-mini").cases["fp32"] ?? []).slice(0, 4);
const texts = Array.from({ length: 24 }, (_, id) => ({ id, text: id % 10 === 7 ? " " : id === 13 ? "the end" : `text ${id}` }));

/** The name under which pages find the model, and where it lies. */
export const embedder: { readonly name: string; readonly path: string } | undefined = sharedModelsMissing ? undefined : { name: "intent-embed-mini", path: sharedPath("models/intent-embed-mini") };

/** Writes what the story reads. */
export async function writeInput(folder: string): Promise<void> {
  const rows = { opinions: opinions.map(({ text }) => ({ text })), prompts: prompts.map(({ prompt }) => ({ prompt })), numbers: numbers.map((x) => ({ x })), phrases: phrases.map(({ input }) => ({ text: input })), texts };
  await mkdir(folder, { recursive: true });
  for (const [name, each] of Object.entries(rows)) await writeFile(`${folder}/${name}.jsonl`, each.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

export const expectedChapter: DeviceChapter = {
  opinions: opinions.map(({ text, label, score }) => ({ text, label, score, sure: score > 0.9 })),
  completions: prompts.map(({ prompt, text }) => ({ prompt, completion: text })),
  scores: numbers.map((x) => ({ x, y: [x.reduce((sum, value, at) => sum + 10 ** at * value, 0)] })),
  vectors: phrases.map(({ input, output }) => ({ text: input, vector: output })),
};

const well = texts.filter(({ text }) => text !== " ").map(({ id, text }) => ({ id, text, length: text.length }));

/** Dead letters are compared by what failed, and why. */
export const expectedRecovery: Pick<RecoveryChapter, "rows" | "skipped" | "lostActors"> & { readonly failed: readonly unknown[] } = {
  rows: well,
  skipped: well,
  failed: texts.filter(({ text }) => text === " ").map((row) => ({ row, code: "empty-text" })),
  // The one that ended itself over "the end".
  lostActors: 1,
};
