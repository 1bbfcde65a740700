import type { TaskEntry, TaskId } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import type { SimulatedTime } from "./simulated-time.ts";

export type LedgerAnswer = { readonly kind: "commit-won" } | { readonly kind: "commit-lost"; readonly winner: TaskEntry } | { readonly kind: "commit-unknown" };

export const taskKey = ({ job, segment, block, first, rows }: TaskId): string => `${job}/${segment}/${block}/${first}+${rows}`;

/** First writer wins. An error says nothing about whether it was written. */
export class SimulatedLedger {
  readonly entries = new Map<string, { readonly task: TaskId; readonly entry: TaskEntry }>();
  readonly #time: SimulatedTime;
  readonly #random: SeededRandom;
  readonly #errors: number;
  /** Nothing is answered but errors until then. */
  downUntil = 0;

  /** How often another gateway, which believes that it leads, was faster. */
  readonly #rivals: number;

  constructor(time: SimulatedTime, random: SeededRandom, errors: number, rivals = 0) {
    [this.#time, this.#random, this.#errors, this.#rivals] = [time, random, errors, rivals];
  }

  /** `isCurrent`: a deposed writer's commits, still under way, are refused. */
  commit(task: TaskId, entry: TaskEntry, isCurrent: () => boolean, answer: (answer: LedgerAnswer) => void): void {
    const random = this.#random;
    const fails = this.#errors > 0 && random.chance(this.#errors);
    const ms = this.#errors > 0 ? random.between(1, 20) : 2;
    this.#time.after(ms, () => {
      if (!isCurrent()) return;
      const down = this.#time.now < this.downUntil;
      const key = taskKey(task);
      if (!down && this.#rivals > 0 && random.chance(this.#rivals) && !this.entries.has(key)) this.entries.set(key, { task, entry: rivalEntry(task, random) });
      const known = this.entries.get(key);
      if (known === undefined && !down && !(fails && random.chance(0.5))) this.entries.set(key, { task, entry });
      const winner = this.entries.get(key)?.entry;
      const reply: LedgerAnswer = fails || down || winner === undefined ? { kind: "commit-unknown" } : sameEntry(winner, entry) ? { kind: "commit-won" } : { kind: "commit-lost", winner };
      this.#time.after(fails ? random.between(0, 2000) : 0, () => isCurrent() && answer(reply));
    });
  }
}

function rivalEntry({ first, rows }: TaskId, random: SeededRandom): TaskEntry {
  if (rows > 1 && random.chance(0.5)) return { kind: "split", at: [first, first + random.between(1, rows - 1)] };
  return { kind: "result", attempt: { epoch: -1, number: 1 }, worker: "rival" };
}

function sameEntry(a: TaskEntry, b: TaskEntry): boolean {
  return a === b || (a.kind === "result" && b.kind === "result" && a.attempt.epoch === b.attempt.epoch && a.attempt.number === b.attempt.number);
}

/** The keys of the results that a block consists of, as far as the ledger has decided. */
export function resultsOf(ledger: SimulatedLedger, job: string, segment: number, block: number, rows: number): string[] {
  const of = (first: number, count: number): string[] => {
    const key = taskKey({ job, segment, block, first, rows: count });
    const entry = ledger.entries.get(key)?.entry;
    if (entry?.kind === "result") return [key];
    if (entry?.kind !== "split") return [];
    return entry.at.flatMap((start, at) => of(start, (entry.at[at + 1] ?? first + count) - start));
  };
  return of(0, rows);
}
