import type { CommitOutcome, CommitRecord, Engine, LedgerEntry } from "@shoal/cluster";
import { expect } from "vitest";

/** An engine with nothing in it. */
export interface EngineFixture {
  readonly engine: Engine;
  /** The same state by an engine opened anew, after the process of the first one ended; absent when it ends with it. */
  readonly reopen?: () => Promise<Engine>;
  /** Changes a byte of a blob where it lies. */
  readonly damageBlob?: (sha256: string) => Promise<void>;
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** How much of it is tried, where an engine is slow. */
export interface EngineCapabilities {
  /** Blocks in the race of commits; four attempts at each. Default 2,000. */
  readonly blocks?: number;
  /** Default 300; at least the adapter's `shortestTtlMs`. */
  readonly ttlMs?: number;
  /** The queue's `leaseMs`, when it is short enough to wait for. */
  readonly leaseMs?: number;
}

/** What every part of the suite is given. */
export interface EngineSuite {
  readonly name: string;
  /** A test with an engine of its own, in which a job has a ledger. */
  readonly withFixture: (check: (fixture: EngineFixture, job: string) => Promise<void>) => () => Promise<void>;
  readonly capabilities: Required<Pick<EngineCapabilities, "blocks" | "ttlMs">> & EngineCapabilities;
}

export const never = new AbortController().signal;
export const record = (attempt: string): CommitRecord => ({ attempt, sha256: "0".repeat(64), rows: 32 });

let names = 0;
/** No job has the name of another one, in any run: an engine may remember. */
export const newJob = (): string => `job-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${names++}`;

export async function all(entries: AsyncIterable<LedgerEntry>): Promise<LedgerEntry[]> {
  const list: LedgerEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

/** An engine under no strain decides. */
export async function decided(answer: Promise<CommitOutcome>): Promise<Exclude<CommitOutcome, { outcome: "undecided" }>> {
  const outcome = await answer;
  if (outcome.outcome === "undecided") throw outcome.reason;
  return outcome;
}

export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200 && !(await holds()); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await holds()).toBe(true);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
