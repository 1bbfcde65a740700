import type { WorkerSnapshot } from "@shoal/cluster";

/** Workers as they are listed. */
export interface RankedWorkers {
  /** The fastest first; of equal ones who came first. */
  readonly present: readonly WorkerSnapshot[];
  readonly gone: readonly WorkerSnapshot[];
}

/** Ranks workers by a steady rate, so that they keep their places while their rates breathe. */
export function rankWorkers(workers: readonly WorkerSnapshot[], steady: (worker: WorkerSnapshot) => number): RankedWorkers {
  const rates = new Map(workers.map((worker) => [worker, steady(worker)]));
  const rank = (a: WorkerSnapshot, b: WorkerSnapshot) => (rates.get(b) as number) - (rates.get(a) as number) || a.joinedAt - b.joinedAt || (a.worker < b.worker ? -1 : 1);
  return { present: workers.filter(({ state }) => state !== "gone").toSorted(rank), gone: workers.filter(({ state }) => state === "gone").toSorted((a, b) => b.rowsDone - a.rowsDone) };
}

/** The same order as before for who was there, newcomers at their end: while somebody points at the list, nothing may move under the pointer. */
export function keepOrder(present: readonly WorkerSnapshot[], order: readonly string[]): readonly WorkerSnapshot[] {
  const places = new Map(order.map((worker, place) => [worker, place]));
  return present.toSorted((a, b) => (places.get(a.worker) ?? order.length) - (places.get(b.worker) ?? order.length));
}
