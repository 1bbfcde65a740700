import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { measure, median, script, type Measurement } from "../measure.ts";
import { startProcess } from "../start-process.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";
import { shoalText } from "./text-jobs.ts";

const command = fileURLToPath(new URL("../../../packages/shoal/dist/cli/main.js", import.meta.url));

/** So often the sentences are read: what two workers gain is about the work, and the start, when models are sent and loaded, takes as long for one as for two. */
const times = 4;

/** The encoder job by one worker of one thread and by two, as processes of their own: coordinator and driver share the cores with them. */
export async function twoWorkers(bench: Bench): Promise<Section> {
  const path = bench.file("two-workers.jsonl");
  writeFileSync(path, `${readFileSync(bench.inputs.jobs.encoder.path, "utf8").trimEnd()}\n`.repeat(times));
  const encoder = { ...bench.inputs.jobs.encoder, path, rows: times * bench.inputs.jobs.encoder.rows };
  await using coordinator = await startProcess(script("jobs/coordinator", { folder: bench.file("coordinator") }), /^\{.*\}$/m);
  const { submit, work } = JSON.parse(coordinator.said) as { readonly submit: string; readonly work: string };
  const driver = shoalText(bench, encoder, { on: submit });
  const by = async (workers: number): Promise<Measurement> => {
    const started = await Promise.all(Array.from({ length: workers }, (_, at) => startProcess([process.execPath, command, "work", work, "--cpus", "1", "--label", `worker ${at + 1}`, "--json"], /"connected"/)));
    try {
      return await measure(`two-workers: encoder by ${workers}`, driver);
    } finally {
      for (const worker of started) await worker[Symbol.asyncDispose]();
    }
  };
  const one: Measurement[] = [];
  const two: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) {
    one.push(await by(1));
    two.push(await by(2));
    bench.log(`two-workers: ${two.at(-1)?.rowsPerSecond.toFixed(0)} rows/s by two (${two.at(-1)?.steady.toFixed(0)} steady), ${one.at(-1)?.rowsPerSecond.toFixed(0)} by one (${one.at(-1)?.steady.toFixed(0)})`);
  }
  const [ours, alone] = [median(two), median(one)];
  return {
    lines: [
      line("two-workers: encoder, rows/s of the whole run, driver and coordinator on the same two cores, against one worker", ours.rowsPerSecond, alone.rowsPerSecond, { atLeast: 1.8 }, "rows/s"),
      line("two-workers: the same after the first rows", ours.steady, alone.steady, {}, "rows/s"),
    ],
    runs: [ours, alone].map((measurement) => ({ measurement, distinct: encoder.distinct })),
  };
}
