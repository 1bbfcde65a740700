import { formatCount as count, formatDuration, type RunEvent } from "@shoal/executor";

type Stage = Extract<RunEvent, { kind: "stage-progress" }>;

/** Where a run stands, as its events tell. */
export interface Progress {
  readonly stages: Map<number, Stage>;
  readonly elapsedMs: number;
  readonly totalRows: number | undefined;
  /** Rows that an earlier run has done. */
  readonly rowsBefore: number;
  take(event: RunEvent): void;
}

export function startProgress(): Progress {
  const stages = new Map<number, Stage>();
  let elapsedMs = 0;
  let totalRows: number | undefined;
  let rowsBefore = 0;
  return {
    stages,
    get elapsedMs() {
      return elapsedMs;
    },
    get totalRows() {
      return totalRows;
    },
    get rowsBefore() {
      return rowsBefore;
    },
    take(event) {
      if (event.kind === "total-rows") [totalRows, rowsBefore] = [event.rows, event.before ?? 0];
      if (event.kind !== "stage-progress") return;
      elapsedMs = event.elapsedMs;
      stages.set(event.stage, event);
    },
  };
}

/** One stage: name, rows, rows/s, queue, actors busy, failed rows, time left. */
export function stageLine(stage: Stage, { totalRows, rowsBefore }: Progress): string {
  const done = count(rowsBefore + stage.rowsOut);
  const rows = totalRows === undefined ? `${done} rows` : `${done} of ${count(rowsBefore + totalRows)} rows${rowsBefore === 0 ? "" : ` (${count(rowsBefore)} before)`}`;
  return [
    stage.name.padEnd(28).slice(0, 40), rows, `${count(stage.rowsPerSecond)}/s`,
    ...(stage.queue === undefined ? [] : [`queue ${stage.queue}`]),
    ...(stage.actors === 0 && !stage.actorsLoading ? ["nobody at work yet"] : []),
    ...(stage.actors === undefined || stage.actors === 0 ? [] : [`actors ${stage.actorsBusy ?? 0} of ${stage.actors} busy`]),
    ...(stage.actorsLoading ? [`${stage.actorsLoading} loading`] : []),
    ...(stage.failedRows === 0 ? [] : [`${count(stage.failedRows)} failed`]),
    ...(stage.etaMs === undefined ? [] : [`${duration(stage.etaMs)} left`]),
  ].join("  ");
}

/** The whole run in one line: its last stage, which is nearest to the output. */
export function progressLine(progress: Progress): string {
  const last = [...progress.stages.values()].reduce((later, stage) => (stage.stage >= later.stage ? stage : later));
  return `${duration(progress.elapsedMs)}  ${stageLine(last, progress).replace(/ {3,}/g, "  ")}`;
}

/** What is worth a line of its own, for good. */
export function announcement(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "notice": return `note: ${event.message}`;
    case "actor-lost": return `note: ${event.actor} was lost (${event.reason}); its rows go to another actor`;
    default: return undefined;
  }
}

function duration(ms: number): string {
  return formatDuration(ms, { wholeSeconds: true });
}
