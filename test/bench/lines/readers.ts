import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { measure, median, script, type Measurement } from "../measure.ts";
import { line, quantity, type Line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

/** How fast files are read, whole, beside DuckDB on as many threads as there are cores. */
export async function readers(bench: Bench): Promise<Section> {
  const folder = bench.file("");
  const rows = Math.round(500_000 * bench.share);
  await measure("writing files to read", script("jobs/write-files", { rows, folder }));
  const python = bench.inputs.peers?.python ?? `${process.env["PEERS_HOME"] ?? `${tmpdir()}/peers`}/v/bin/python`;
  const duckdb = fileURLToPath(new URL("../baselines/read-duckdb.py", import.meta.url));
  const installed = hasDuckdb(python);
  const lines: Line[] = [];
  // The same rows are counted as the same bytes in every format: Parquet packs them ten times tighter.
  const megabytes = statSync(`${folder}table.jsonl`).size / 1e6;
  for (const format of ["jsonl", "csv", "parquet"] as const) {
    const path = `${folder}table.${format}`;
    const ours = await several(bench, () => measure(`reading ${format}: Shoal`, script("jobs/read", { path, format })));
    const what = `reading ${format}: ${quantity(megabytes, "MB")} of rows as JSON Lines, ${installed ? "DuckDB beside it" : "no DuckDB here"}`;
    const pace = ({ rows: count, steady }: Measurement): number => (megabytes * steady) / count;
    bench.log(`reading ${format}: ${pace(ours).toFixed(1)} MB/s`);
    if (installed) {
      const theirs = await several(bench, () => measure(`reading ${format}: DuckDB`, [python, duckdb, format, path, String(bench.cores)]));
      lines.push(line(what, pace(ours), pace(theirs), {}, "MB/s"));
    } else {
      lines.push({ what, shoal: quantity(pace(ours), "MB/s"), baseline: "absent: no duckdb in Python", target: "–" });
    }
  }
  return { lines, runs: [] };
}

async function several(bench: Bench, run: () => Promise<Measurement>): Promise<Measurement> {
  const runs: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) runs.push(await run());
  return median(runs);
}

function hasDuckdb(python: string): boolean {
  if (!existsSync(python)) return false;
  try {
    execFileSync(python, ["-c", "import duckdb, pyarrow"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
