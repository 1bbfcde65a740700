import { existsSync } from "node:fs";
import type { JobInput } from "../inputs/inputs.ts";
import { measure, median, script, type Measurement } from "../measure.ts";
import { absent, line, type Line } from "../table.ts";
import type { TextSettings } from "../jobs/settings.ts";
import type { Bench, Run, Section } from "./section.ts";

/** A text job beside the loops one would write by hand, transformers.js and Ray Data. */
export async function textJob(bench: Bench, input: JobInput): Promise<Section> {
  const { job } = input;
  const shoal: Measurement[] = [];
  const sorted: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) {
    shoal.push(await measure(`${job}: Shoal`, shoalText(bench, input)));
    sorted.push(await measure(`${job}: hand-written, sorted`, script("baselines/text-loop", { path: input.path, model: input.model, order: "sorted", threads: bench.cores })));
    bench.log(`${job}: Shoal ${Math.round(shoal.at(-1)?.steady ?? 0)} rows/s, sorted loop ${Math.round(sorted.at(-1)?.steady ?? 0)} rows/s`);
  }
  const ours = median(shoal);
  const loop = median(sorted);
  const arrival = await measure(`${job}: hand-written, 32 as they come`, script("baselines/text-loop", { path: input.path, model: input.model, order: "arrival", threads: bench.cores }));
  const peers = await peerLoops(bench, input);
  const lines: Line[] = [
    line(`${job}: rows/s, steady, against the hand-written sorted loop`, ours.steady, loop.steady, { atLeast: 0.95 }, "rows/s"),
    line(`${job}: rows/s, whole process, against the hand-written sorted loop`, ours.rowsPerSecond, loop.rowsPerSecond, { atLeast: 0.95 }, "rows/s"),
    line(`${job}: CPU time a row against the hand-written sorted loop`, (1000 * ours.cpuSeconds) / ours.rows, (1000 * loop.cpuSeconds) / loop.rows, {}, "ms"),
    line(`${job}: rows/s, steady, against the hand-written loop, 32 as they come`, ours.steady, arrival.steady, {}, "rows/s"),
    ...against(peers.tfjs32, `${job}: rows/s, steady, against transformers.js, 32 as they come`, (peer, what) => [line(what, ours.steady, peer.steady, { atLeast: 2 }, "rows/s")]),
    ...against(peers.tfjs1, `${job}: rows/s, steady, against transformers.js, one by one`, (peer, what) => [line(what, ours.steady, peer.steady, { atLeast: 1.3 }, "rows/s")]),
    ...against(peers.ray, `${job}: Ray Data`, (peer) => rayLines(job, ours, peer, { steady: 2, whole: 3 })),
  ];
  const runs = [ours, loop, arrival, ...Object.values(peers).filter((peer) => typeof peer !== "string")];
  return { lines, runs: runs.map((measurement): Run => ({ measurement, distinct: input.distinct })) };
}

/** Two actors of one thread each on two cores: tokenising is spread with the model. */
export function shoalText(bench: Bench, input: JobInput, more: Partial<TextSettings> = {}): readonly string[] {
  return script("jobs/text", { job: input.job, path: input.path, model: input.model, out: bench.file(`${input.job}.parquet`), concurrency: bench.cores, ...more } satisfies TextSettings);
}

/** A peer's measurement, or why there is none. */
type Peer = Measurement | string;

async function peerLoops(bench: Bench, { job }: JobInput): Promise<{ tfjs32: Peer; tfjs1: Peer; ray: Peer }> {
  const limit = String(Math.round((job === "sentiment" ? 12_000 : 3_000) * bench.share));
  return {
    tfjs32: await peer(bench, `${job}: transformers.js, 32 as they come`, ["node", "loop.mjs", job, "tfjs32"], { LIMIT: limit }),
    tfjs1: await peer(bench, `${job}: transformers.js, one by one`, ["node", "loop.mjs", job, "tfjs1"], { LIMIT: limit }),
    ray: await peer(bench, `${job}: Ray Data`, ["python", "ray_job.py", job]),
  };
}

/** Runs a peer's script where they are installed. */
export async function peer(bench: Bench, label: string, [program, file, ...args]: readonly [string, string, ...string[]], env: Readonly<Record<string, string>> = {}): Promise<Peer> {
  const { peers } = bench.inputs;
  if (peers === undefined) return "peers are not set up here";
  if (program === "python" && !existsSync(peers.python)) return "no Python environment";
  bench.log(label);
  try {
    return await measure(label, [program === "python" ? peers.python : process.execPath, `${peers.scripts}${file}`, ...args], { ...peers.env, ...env });
  } catch (error) {
    bench.log(String(error));
    return "it failed here";
  }
}

export function against(peer: Peer, what: string, lines: (peer: Measurement, what: string) => readonly Line[]): readonly Line[] {
  return typeof peer === "string" ? [absent(what, peer)] : lines(peer, what);
}

export function rayLines(job: string, ours: Measurement, ray: Measurement, least: { steady: number; whole: number }): readonly Line[] {
  return [
    line(`${job}: rows/s, steady, against Ray Data`, ours.steady, ray.steady, { atLeast: least.steady }, "rows/s"),
    line(`${job}: rows/s, whole process, against Ray Data`, ours.rowsPerSecond, ray.rowsPerSecond, { atLeast: least.whole }, "rows/s"),
    line(`${job}: first row against Ray Data`, ours.firstRow, ray.firstRow, { atMost: 0.15 }, "s"),
    line(`${job}: peak memory against Ray Data`, ours.peakMB, ray.peakMB, { atMost: 0.35 }, "MB"),
  ];
}
