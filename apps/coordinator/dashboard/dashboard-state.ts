import type { PackedSnapshot } from "./blocks/packed-runs.ts";
import type { Connection } from "./connection/follow-snapshots.ts";
import { RateHistory } from "./history/rate-history.ts";
import { RecentRates } from "./history/recent-rates.ts";

/** What the page shows: the newest snapshot, and what it remembers of those before. */
export class DashboardState {
  connection: Connection = { kind: "connecting" };
  snapshot: PackedSnapshot | undefined;
  /** Lines that were no snapshots. */
  unreadable = 0;
  readonly jobs = new Map<string, RateHistory>();
  readonly workers = new Map<string, RecentRates>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  readonly connect = (connection: Connection): void => {
    this.connection = connection;
    this.#onChange();
  };

  readonly missLine = (): void => {
    this.unreadable++;
    this.#onChange();
  };

  readonly take = (snapshot: PackedSnapshot): void => {
    this.snapshot = snapshot;
    const present = snapshot.workers.filter(({ state }) => state !== "gone");
    for (const { worker, rowsPerSecond } of present) entry(this.workers, worker, () => new RecentRates()).add(snapshot.at, rowsPerSecond);
    const running = snapshot.jobs.filter(({ state }) => state === "running" || state === "paused");
    // Workers' rates are not kept by job: only of a job that runs alone is it known who gave what.
    const shares = running.length === 1 ? present.map(({ worker, rowsPerSecond }) => [worker, rowsPerSecond] as const) : [];
    for (const { job, rowsPerSecond } of running) entry(this.jobs, job, () => new RateHistory()).add(snapshot.at, rowsPerSecond, shares);
    forget(this.jobs, snapshot.jobs.map(({ job }) => job));
    forget(this.workers, snapshot.workers.map(({ worker }) => worker));
    this.#onChange();
  };
}

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}

function forget(map: Map<string, unknown>, known: readonly string[]): void {
  const kept = new Set(known);
  for (const key of map.keys()) if (!kept.has(key)) map.delete(key);
}
