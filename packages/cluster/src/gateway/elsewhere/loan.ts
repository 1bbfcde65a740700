import type { ConcreteDevice, JsonObject } from "@shoal/core";
import type { QueuedTask } from "../../engine/index.ts";
import type { SegmentNeeds, TaskId, WorkerJoined } from "../../scheduler/index.ts";

/** A task on its way to another gateway. */
export interface LentTask {
  readonly task: TaskId;
  /** Of the block as its driver offered it, which lies among the blobs. */
  readonly input: string;
  /** Of the home's attempt. */
  readonly number: number;
  readonly blockRows: number;
}

/** Tasks of one segment that go through the queue together. */
export interface Loan {
  readonly job: string;
  /** Of the blob with the job's description. */
  readonly description: string;
  readonly segment: number;
  /** The gateway that leads the job: its epoch, and its name for people. */
  readonly home: number;
  readonly by: string;
  readonly at: number;
  readonly tasks: readonly LentTask[];
}

const mostTasks = 24;
/** The queue takes 4 KB; the other fields, and what JSON makes of strange letters, have their part of it. */
const mostBytes = 3_900;
const longestName = 100;

export const devices: readonly ConcreteDevice[] = ["webgpu", "cuda", "wasm", "cpu"];

/** What it takes to run a segment on such a device, as the queue knows it: consumers pull what their workers may see. */
export function taskClass(device: ConcreteDevice, { trusted, runsCode }: Pick<SegmentNeeds, "trusted" | "runsCode">): string {
  return `${device}${trusted === true ? "-own" : ""}${runsCode === true ? "-code" : ""}`;
}

/** All classes of tasks that a worker with such a device may run, what fewest may first. */
export function classesFor(device: ConcreteDevice, { volunteer, runsCode }: Pick<WorkerJoined, "volunteer" | "runsCode">): string[] {
  const classes: string[] = [];
  for (const code of runsCode === true ? [true, false] : [false]) for (const trusted of volunteer === true ? [false] : [true, false]) classes.push(taskClass(device, { trusted, runsCode: code }));
  return classes;
}

export function wantClass(device: ConcreteDevice): string {
  return `want-${device}`;
}

/** Cuts tasks into loans that the queue takes. Offered again, a loan has the same name. @param most tasks in one, at most 24 */
export function loansOf(loan: Loan, className: string, priority: number, most = mostTasks): QueuedTask[] {
  const queued: QueuedTask[] = [];
  for (let at = 0; at < loan.tasks.length; ) {
    let count = Math.min(mostTasks, Math.max(1, most), loan.tasks.length - at);
    let body = bodyOf(loan, loan.tasks.slice(at, at + count));
    while (count > 1 && new TextEncoder().encode(JSON.stringify(body)).byteLength > mostBytes) body = bodyOf(loan, loan.tasks.slice(at, at + (count = Math.ceil(count / 2))));
    const { task: { block, first, rows }, number } = loan.tasks[at] as LentTask;
    queued.push({ id: `${loan.job}/${loan.segment}-${block}-${first}-${rows}/${loan.home}.${number}`, class: className, priority: Math.min(9, Math.max(0, 5 - priority)), body });
    at += count;
  }
  return queued;
}

function bodyOf({ job, description, segment, home, by, at }: Loan, tasks: readonly LentTask[]): JsonObject {
  return {
    job, description, segment, home, by: by.slice(0, longestName), at,
    // Rows of the whole block are said where it is a part that is lent.
    tasks: tasks.map(({ task: { block, first, rows }, input, number, blockRows }) => [block, first, rows, input, number, ...(first === 0 && rows === blockRows ? [] : [blockRows])]),
  };
}

/** Undefined where it is none: a queue may make things up. */
export function loanFrom(body: JsonObject): Loan | undefined {
  const { job, description, segment, home, by, at, tasks } = body;
  if (typeof job !== "string" || !isSha256(description) || !isCount(segment) || !isCount(home) || !Array.isArray(tasks) || tasks.length === 0 || tasks.length > mostTasks) return undefined;
  const lent: LentTask[] = [];
  for (const task of tasks as readonly unknown[]) {
    if (!Array.isArray(task)) return undefined;
    const [block, first, rows, input, number, blockRows = rows] = task as unknown[];
    if (!isCount(block) || !isCount(first) || !isCount(rows) || rows === 0 || !isSha256(input) || !isCount(number) || !isCount(blockRows) || first + rows > blockRows) return undefined;
    lent.push({ task: { job, segment, block, first, rows }, input, number, blockRows });
  }
  return { job, description, segment, home, by: typeof by === "string" ? by : "", at: typeof at === "number" ? at : 0, tasks: lent };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
