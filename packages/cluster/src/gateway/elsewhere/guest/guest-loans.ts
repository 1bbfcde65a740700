import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GuestBundle } from "./guest-loan.ts";

/** The bundles that are here, found by the tasks in them: one task may have come in several. */
export class GuestBundles {
  readonly #bundles = new Set<GuestBundle>();
  /** By job, then by the keys of tasks. */
  readonly #byTask = new Map<GatewayJob, Map<string, Set<GuestBundle>>>();

  [Symbol.iterator](): SetIterator<GuestBundle> {
    return this.#bundles.values();
  }

  /** Tasks that are not decided. */
  get tasks(): number {
    let tasks = 0;
    for (const { left } of this.#bundles) tasks += left.size;
    return tasks;
  }

  add(bundle: GuestBundle): void {
    this.#bundles.add(bundle);
    let byTask = this.#byTask.get(bundle.job);
    if (byTask === undefined) this.#byTask.set(bundle.job, (byTask = new Map()));
    for (const key of bundle.left.keys()) byTask.set(key, (byTask.get(key) ?? new Set()).add(bundle));
  }

  hasAnyOf(job: GatewayJob): boolean {
    return this.#byTask.has(job);
  }

  keysOf(job: GatewayJob): Iterable<string> {
    return this.#byTask.get(job)?.keys() ?? [];
  }

  with(job: GatewayJob, key: string): readonly GuestBundle[] {
    return [...(this.#byTask.get(job)?.get(key) ?? [])];
  }

  /** The task is decided. Gives the bundles of which it was the last one, which are here no more. */
  settle(job: GatewayJob, key: string): readonly GuestBundle[] {
    const bundles = this.with(job, key);
    for (const bundle of bundles) {
      this.#drop(bundle, key);
      bundle.left.delete(key);
    }
    const done = bundles.filter(({ left }) => left.size === 0);
    for (const bundle of done) this.#bundles.delete(bundle);
    return done;
  }

  forget(bundle: GuestBundle): void {
    this.#bundles.delete(bundle);
    for (const key of bundle.left.keys()) this.#drop(bundle, key);
  }

  #drop(bundle: GuestBundle, key: string): void {
    const byTask = this.#byTask.get(bundle.job);
    const bundles = byTask?.get(key);
    bundles?.delete(bundle);
    if (bundles?.size === 0) byTask?.delete(key);
    if (byTask?.size === 0) this.#byTask.delete(bundle.job);
  }
}
