// Which blocks were computed more than once, after which fault, and by whom.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Execution {
  /** The number of its first row. */
  readonly block: number;
  /** By the wall clock, in milliseconds. */
  readonly at: number;
  /** Of the worker that computed it. */
  readonly process: string;
}

/** A fault, and when it began. */
export interface Struck {
  readonly name: string;
  readonly at: number;
}

/** What the job's predictors wrote down, in the order of time. */
export function readExecutions(folder: string): Execution[] {
  const files = readdirSync(folder).filter((name) => name.startsWith("executions-"));
  return files.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter((line) => line !== "").map((line) => {
    const [block, at] = line.split(" ").map(Number);
    return { block: block ?? NaN, at: at ?? NaN, process: name };
  })).sort((a, b) => a.at - b.at);
}

/** A line for each fault after which something was computed that had been before: how often, by the worker that had done so, by another, and how long after that. */
export function extraByFault(executions: readonly Execution[], struck: readonly Struck[]): string[] {
  const last = new Map<number, Execution>();
  const found = new Map<string, { again: number; byAnother: number; shortestMs: number; longestMs: number }>();
  for (const execution of executions) {
    const before = last.get(execution.block);
    last.set(execution.block, execution);
    if (before === undefined) continue;
    const fault = struck.findLast(({ at }) => at <= execution.at)?.name ?? "nothing";
    const extra = found.get(fault) ?? { again: 0, byAnother: 0, shortestMs: Infinity, longestMs: 0 };
    found.set(fault, extra);
    extra[before.process === execution.process ? "again" : "byAnother"]++;
    extra.shortestMs = Math.min(extra.shortestMs, execution.at - before.at);
    extra.longestMs = Math.max(extra.longestMs, execution.at - before.at);
  }
  return [...found].map(([fault, { again, byAnother, shortestMs, longestMs }]) =>
    `${again + byAnother} extra after ${fault}: ${again} by the same worker, ${byAnother} by another, ${(shortestMs / 1000).toFixed(1)} to ${(longestMs / 1000).toFixed(1)} s later`);
}
