import { formatBytes, formatCount as count, formatDuration as duration, formatRate, plural } from "./format-quantity.ts";
import type { PoolStats, RunStats, StageStats } from "./run-stats.ts";

/** The report of a run, for people. */
export function formatStats(stats: RunStats): string {
  const first = stats.firstRowMs === undefined ? "" : `, first row after ${duration(stats.firstRowMs)}`;
  const { rowsBefore = 0 } = stats;
  const lines = [
    `${plural(stats.rowsOut, "row")} in ${duration(stats.wallMs)} (${rate(stats.rowsPerSecond)}${first})${rowsBefore === 0 ? "" : `; ${plural(rowsBefore, "row")} ${rowsBefore === 1 ? "was" : "were"} done before`}`,
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
  return [name.length > 48 ? `${name.slice(0, 47)}…` : name, count(rowsIn), count(rowsOut), formatRate(rowsPerSecond), duration(wallMs), duration(busyMs), duration(waitMs), failed.join(", ")];
}

function poolLines({ name }: StageStats, pool: PoolStats): string[] {
  // An earlier run had done all.
  if (pool.workers?.length === 0) return [name, "  no worker had anything to do"];
  const { min, median, max } = pool.batchRows;
  const parts = [
    pool.workers === undefined ? `${plural(pool.actors, "actor")} on ${pool.device || "?"}, predicting ${Math.round(100 * pool.utilisation)} % of the time after loading, loaded in ${duration(pool.loadMs / Math.max(1, pool.actors))}` : workersText(pool.workers, pool.device),
    pool.deviceChoice ?? "",
    `${plural(pool.batches, "batch", "batches")} of ${min === max ? plural(max, "row") : `${count(min)}–${count(max)} rows, half of the rows in batches of ${count(median)} or more`}; preprocess ${duration(pool.preprocessMs)}, predict ${duration(pool.predictMs)}, postprocess ${duration(pool.postprocessMs)}`,
    [
      pool.paddingEfficiency !== undefined && `padding efficiency ${Math.round(100 * pool.paddingEfficiency)} %`,
      pool.collapsedRows > 0 && `${count(pool.collapsedRows)} rows collapsed`,
      pool.peakMemoryBytes !== undefined && `peak memory of an actor ${formatBytes(pool.peakMemoryBytes)}`,
      pool.failedBatches > 0 && plural(pool.failedBatches, "failed try", "failed tries (a batch, its halves, and theirs)"),
      pool.retries > 0 && `${plural(pool.retries, "block")} tried again`,
      pool.lostActors > 0 && `${plural(pool.lostActors, "actor")} lost`,
    ].filter((part) => part !== false).join(", "),
  ];
  return [name, ...parts.filter((part) => part !== "").map((part) => `  ${part}`)];
}

const namedWorkers = 8;

function workersText(workers: NonNullable<PoolStats["workers"]>, device: string): string {
  const named = workers.slice(0, namedWorkers).map(({ worker, rows }) => `${worker} ${count(rows)}`);
  const others = workers.slice(namedWorkers);
  if (others.length > 0) named.push(`${others.length} others ${count(others.reduce((sum, { rows }) => sum + rows, 0))}`);
  return `${plural(workers.length, "worker")} on ${device || "?"}; rows by worker: ${named.join(", ")}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ").trimEnd());
}

function rate(rowsPerSecond: number): string {
  return `${formatRate(rowsPerSecond)} rows/s`;
}
