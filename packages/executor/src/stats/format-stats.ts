import { formatBytes } from "../pool/fit-actors.ts";
import type { PoolStats, RunStats, StageStats } from "./run-stats.ts";

/** The report of a run, for people. */
export function formatStats(stats: RunStats): string {
  const first = stats.firstRowMs === undefined ? "" : `, first row after ${duration(stats.firstRowMs)}`;
  const lines = [
    `${count(stats.rowsOut)} rows in ${duration(stats.wallMs)} (${rate(stats.rowsPerSecond)}${first})`,
    "",
    ...table([["stage", "rows in", "rows out", "rows/s", "wall", "busy", "wait"], ...stats.stages.map(stageRow)]),
    ...stats.stages.flatMap((stage) => (stage.pool === undefined ? [] : ["", ...poolLines(stage, stage.pool)])),
    "",
    ...stats.notices.map((notice) => `note: ${notice}`),
    stats.bottleneck,
  ];
  return lines.join("\n");
}

function stageRow({ name, rowsIn, rowsOut, rowsPerSecond, wallMs, busyMs, waitMs, skipped, nulled, deadLettered }: StageStats): string[] {
  const failed = [skipped > 0 && `${count(skipped)} skipped`, nulled > 0 && `${count(nulled)} nulled`, deadLettered > 0 && `${count(deadLettered)} dead-lettered`].filter((part) => part !== false);
  return [name.length > 48 ? `${name.slice(0, 47)}…` : name, count(rowsIn), count(rowsOut), count(Math.round(rowsPerSecond)), duration(wallMs), duration(busyMs), duration(waitMs), failed.join(", ")];
}

function poolLines({ name }: StageStats, pool: PoolStats): string[] {
  const { min, median, max } = pool.batchRows;
  const parts = [
    `${pool.actors} actor${pool.actors === 1 ? "" : "s"} on ${pool.device || "?"}, predicting ${Math.round(100 * pool.utilisation)} % of the time, loaded in ${duration(pool.loadMs / Math.max(1, pool.actors))}`,
    `${count(pool.batches)} batches of ${min === max ? count(max) : `${count(min)}–${count(max)} (median ${count(median)})`} rows; preprocess ${duration(pool.preprocessMs)}, predict ${duration(pool.predictMs)}, postprocess ${duration(pool.postprocessMs)}`,
    [
      pool.paddingEfficiency !== undefined && `padding efficiency ${Math.round(100 * pool.paddingEfficiency)} %`,
      pool.collapsedRows > 0 && `${count(pool.collapsedRows)} rows collapsed`,
      pool.peakMemoryBytes !== undefined && `peak memory of an actor ${formatBytes(pool.peakMemoryBytes)}`,
      pool.failedBatches > 0 && `${count(pool.failedBatches)} failed batch${pool.failedBatches === 1 ? "" : "es"}`,
      pool.retries > 0 && `${count(pool.retries)} block${pool.retries === 1 ? "" : "s"} tried again`,
      pool.lostActors > 0 && `${count(pool.lostActors)} actor${pool.lostActors === 1 ? "" : "s"} lost`,
    ].filter((part) => part !== false).join(", "),
  ];
  return [name, ...parts.filter((part) => part !== "").map((part) => `  ${part}`)];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ").trimEnd());
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function rate(rowsPerSecond: number): string {
  return `${count(Math.round(rowsPerSecond))} rows/s`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
