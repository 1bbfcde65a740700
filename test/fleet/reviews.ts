// The job of the fleet tests, and what one machine makes of it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { differences } from "../runtimes/story/law-eight.ts";
import { startShoal, type ShoalProcess } from "./shoal-process.ts";

export const reviewsJob = fileURLToPath(new URL("./fixtures/reviews-job.ts", import.meta.url));
export const blockRows = 30;

/** As many as a block has rows, and all short: a GPU that the CPU imitates takes long. */
export const texts: readonly string[] = ["good", "bad", "lovely", "awful", "great", "poor"].flatMap((word) => ["film", "food", "place", "phone", "plot"].map((thing) => `A ${word} ${thing}.`));

export interface Review {
  readonly n: number;
  readonly text: string;
  readonly label: string;
  readonly score: number;
}

/** A folder for one test, with the texts in it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-fleet-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  writeFileSync(join(folder, "texts.txt"), texts.join("\n"));
  return folder;
}

/** The small model that was trained for these tests, where it is; otherwise the one that ships with Shoal. */
export function sharedModel(name: string): string | undefined {
  const folder = join(process.env["SHOAL_SHARED"] ?? fileURLToPath(new URL("../../../shared/", import.meta.url)), "models", name);
  return existsSync(folder) ? folder : undefined;
}

/** The job goes no further than so many rows, until more are released. */
export function release(folder: string, rows: number): void {
  writeFileSync(join(folder, "released"), String(rows));
}

export interface JobSettings {
  readonly rows: number;
  readonly model?: string | undefined;
  /** Default: 30. */
  readonly blockRows?: number;
  readonly out?: string;
  readonly args?: readonly string[];
}

/** `shoal run` of the job, on a coordinator or, without a link, alone. */
export function startJob(folder: string, { rows, model, blockRows: rowsPerBlock = blockRows, out = "reviews.jsonl", args = [] }: JobSettings): ShoalProcess {
  const env = { SHOAL_ROWS: String(rows), SHOAL_BLOCK_ROWS: String(rowsPerBlock), SHOAL_OUT: out, ...(model !== undefined && { SHOAL_MODEL: model }) };
  return startShoal(folder, ["run", reviewsJob, "--json", ...args], { env });
}

/** @throws with what it complained of */
export async function succeeded({ code, err }: ShoalProcess): Promise<void> {
  const ended = await code;
  if (ended !== 0) throw new Error(`It ended with ${ended}: ${err.text()}`);
}

export function read(folder: string, out = "reviews.jsonl"): Review[] {
  return readFileSync(join(folder, out), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as Review);
}

/** What one machine writes: every row, by the text that it has. */
export async function onOneMachine(folder: string, settings: Pick<JobSettings, "rows" | "model" | "blockRows">): Promise<Review[]> {
  const run = startJob(folder, { ...settings, out: "alone.jsonl", args: ["--cpus", "1"] });
  await succeeded(run);
  return read(folder, "alone.jsonl");
}

/** What is lost, doubled, out of order, or other than on one machine, by law 8's measure; the first of it, where there is much. */
export function differing(actual: readonly Review[], expected: readonly Review[]): string[] {
  if (actual.length !== expected.length) return [`There are ${actual.length} rows of ${expected.length}.`];
  const wrong: string[] = [];
  for (let at = 0; at < expected.length && wrong.length < 10; at++) wrong.push(...differences(actual[at], expected[at], `row ${at}`));
  return wrong;
}
