import type { JobInput } from "../inputs/inputs.ts";
import { measure, median, script, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";
import { against, peer, rayLines } from "./text-jobs.ts";

/** Files → decoded → classified → Parquet. */
export async function imageJob(bench: Bench, input: JobInput): Promise<Section> {
  const shoal: Measurement[] = [];
  const loops: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) {
    shoal.push(await measure("images: Shoal", script("jobs/images", { job: "images", path: input.path, model: input.model, out: bench.file("images.parquet"), concurrency: bench.cores })));
    loops.push(await measure("images: hand-written loop", script("baselines/image-loop", { path: input.path, model: input.model, threads: bench.cores })));
    bench.log(`images: Shoal ${Math.round(shoal.at(-1)?.steady ?? 0)} rows/s, loop ${Math.round(loops.at(-1)?.steady ?? 0)} rows/s`);
  }
  const ours = median(shoal);
  const loop = median(loops);
  const limit = { LIMIT: String(Math.round(3000 * bench.share)) };
  const tfjs32 = await peer(bench, "images: transformers.js, 32 as they come", ["node", "loop.mjs", "images", "tfjs32"], limit);
  const tfjs1 = await peer(bench, "images: transformers.js, one by one", ["node", "loop.mjs", "images", "tfjs1"], limit);
  const ray = await peer(bench, "images: Ray Data", ["python", "ray_job.py", "images"]);
  return {
    lines: [
      line("images: rows/s, steady, against the hand-written loop", ours.steady, loop.steady, {}, "rows/s"),
      line("images: rows/s, whole process, against the hand-written loop", ours.rowsPerSecond, loop.rowsPerSecond, {}, "rows/s"),
      ...against(tfjs32, "images: rows/s, steady, against transformers.js, 32 as they come", (other, what) => [line(what, ours.steady, other.steady, {}, "rows/s")]),
      ...against(tfjs1, "images: rows/s, steady, against transformers.js, one by one", (other, what) => [line(what, ours.steady, other.steady, {}, "rows/s")]),
      ...against(ray, "images: Ray Data", (other) => rayLines("images", ours, other, { steady: 1, whole: 1 })),
    ],
    runs: [ours, loop, ...[tfjs32, tfjs1, ray].filter((other) => typeof other !== "string")].map((measurement) => ({ measurement, distinct: input.distinct })),
  };
}
