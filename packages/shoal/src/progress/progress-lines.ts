import { formatCount as count, formatDuration, type RunEvent } from "@shoal/executor";

type Stage = Extract<RunEvent, { kind: "stage-progress" }>;

/** Where a run stands, as its events tell. */
export interface Progress {
  readonly stages: Map<number, Stage>;
  readonly elapsedMs: number;
  take(event: RunEvent): void;
}

export function startProgress(): Progress {
  const stages = new Map<number, Stage>();
  let elapsedMs = 0;
  return {
    stages,
    get elapsedMs() {
      return elapsedMs;
    },
    take(event) {
      if (event.kind !== "stage-progress") return;
      elapsedMs = event.elapsedMs;
      stages.set(event.stage, event);
    },
  };
}

const [leastName, mostName] = [12, 30];

/** One stage: name, rows, rows/s, queue, actors busy, failed rows, time left. */
export function stageLine(stage: Stage, nameColumns: number = mostName): string {
  return [
    shortName(stage.name, nameColumns).padEnd(nameColumns), rowsText(stage), `${count(stage.rowsPerSecond)}/s`,
    ...(stage.queue === undefined ? [] : [`queue ${stage.queue}`]),
    ...(stage.reconnectMs === undefined ? [] : [`not connected, trying again${stage.reconnectMs === 0 ? "" : ` in ${duration(stage.reconnectMs)}`}`]),
    ...(stage.actors === 0 && !stage.actorsLoading ? ["nobody at work yet"] : []),
    ...(stage.actors === undefined || stage.actors === 0 ? [] : [`${stage.byWorkers ? "workers" : "actors"} ${stage.actorsBusy ?? 0} of ${stage.actors} busy${atOtherJobs(stage)}`]),
    ...(stage.actorsLoading ? [`${stage.actorsLoading} loading`] : []),
    ...(stage.failedRows === 0 ? [] : [`${count(stage.failedRows)} failed`]),
    ...(stage.etaMs === undefined ? [] : [`${duration(stage.etaMs)} left`]),
  ].join("  ");
}

function atOtherJobs({ actorsAtOtherJobs: workers = 0 }: Stage): string {
  return workers === 0 ? "" : `, ${workers} at ${workers === 1 ? "another job" : "other jobs"}`;
}

/** A line for each stage, with columns of one width: in a narrow terminal that of the names gives way, for a line that breaks is read as two. */
export function stageLines(stages: readonly Stage[], columns: number): string[] {
  const wide = stages.map((stage) => stageLine(stage));
  const over = Math.max(0, ...wide.map((line) => line.length)) - columns;
  return over <= 0 ? wide : stages.map((stage) => stageLine(stage, Math.max(leastName, mostName - over)));
}

/** A path loses its beginning, for its end names the file; another name its end. */
function shortName(name: string, most: number): string {
  if (name.length <= most) return name;
  const [, head = "", path = ""] = /^([^(]*\()(.*\/.*)\)$/.exec(name) ?? [];
  const room = most - head.length - "…)".length;
  return path === "" || room < 6 ? `${name.slice(0, most - 1)}…` : `${head}…${path.slice(-room)})`;
}

/** Done by whichever run, in whatever order. */
function rowsText({ rowsDone, rowsBefore = 0, rowsExpected, isEstimate }: Stage): string {
  const done = rowsBefore + rowsDone;
  const before = rowsBefore === 0 ? [] : [`${count(rowsBefore)} before`];
  if (rowsExpected === undefined || rowsExpected < done) return `${count(done)} rows${inBrackets(before)}`;
  // The last of a hundred is said when it is true.
  const percent = rowsExpected === 0 ? [] : [`${Math.floor((100 * done) / rowsExpected)} %`];
  return `${count(done)} of ${isEstimate ? "about " : ""}${count(rowsExpected)} rows${inBrackets([...percent, ...before])}`;
}

function inBrackets(parts: readonly string[]): string {
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** The whole run in one line: its last stage with actors, which takes the time and whose rows need not wait for their turn; without one, the last of all. */
export function progressLine(progress: Progress): string {
  const inOrder = [...progress.stages.values()].toSorted((a, b) => a.stage - b.stage);
  const told = inOrder.findLast(({ actors }) => actors !== undefined) ?? inOrder.at(-1);
  return `${duration(progress.elapsedMs)}  ${told === undefined ? "" : stageLine(told).replace(/ {3,}/g, "  ")}`;
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
