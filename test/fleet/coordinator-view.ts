import type { JobSnapshot, Snapshot, WorkerSnapshot } from "@shoal/cluster";
import type { CoordinatorLinks } from "./shoal-process.ts";

const lookEveryMs = 50;

/** What a coordinator says of its jobs and workers, over HTTP as a dashboard reads it; counts of workers go on over its restarts. */
export class CoordinatorView {
  readonly #address: string;
  readonly #token: string;
  readonly #before = new Map<string, number>();
  readonly #now = new Map<string, number>();
  readonly #devices = new Map<string, string>();
  #last: Snapshot | undefined;

  constructor({ url, links }: CoordinatorLinks) {
    this.#address = `${url}api/snapshot`;
    this.#token = new URL(links.dashboard).hash.slice(1);
  }

  /** Undefined while nobody answers. */
  async snapshot(): Promise<Snapshot | undefined> {
    const answer = await fetch(this.#address, { headers: { authorization: `Bearer ${this.#token}` } }).catch(() => undefined);
    if (answer?.ok !== true) return undefined;
    const snapshot = (await answer.json()) as Snapshot;
    for (const [label, blocks] of countBlocks(snapshot.workers)) this.#now.set(label, blocks);
    for (const { label, device } of snapshot.workers) if (device !== undefined) this.#devices.set(label, device);
    return (this.#last = snapshot);
  }

  /** Another life of the coordinator begins, which counts its workers' blocks anew. */
  restarted(): void {
    for (const [label, blocks] of this.#now) this.#before.set(label, blocks + (this.#before.get(label) ?? 0));
    this.#now.clear();
  }

  /** Blocks that workers of a label were seen to have committed, in all lives of the coordinator: at least as many as there were. */
  blocksOf(label: string): number {
    return (this.#before.get(label) ?? 0) + (this.#now.get(label) ?? 0);
  }

  /** What a worker was last seen to compute on. */
  deviceOf(label: string): string | undefined {
    return this.#devices.get(label);
  }

  /**
   * Looks again and again until something is so. `meanwhile` is called with each snapshot in which it is not.
   * @throws after `timeoutMs`, with what there was
   */
  async until<T>(what: string, look: (snapshot: Snapshot) => T | undefined | false, { timeoutMs = 120_000, meanwhile }: { readonly timeoutMs?: number; readonly meanwhile?: (snapshot: Snapshot) => void } = {}): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const snapshot = await this.snapshot();
      const found = snapshot === undefined ? undefined : look(snapshot);
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s it was still not so that ${what}: ${this.#last === undefined ? "nobody answers" : describe(this.#last)}.`);
      if (snapshot !== undefined) meanwhile?.(snapshot);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }
}

/** The only job there is. */
export function theJob({ jobs }: Snapshot): JobSnapshot | undefined {
  return jobs.at(-1);
}

export function worker({ workers }: Snapshot, label: string): WorkerSnapshot | undefined {
  return workers.findLast((each) => each.label === label);
}

function countBlocks(workers: readonly WorkerSnapshot[]): Map<string, number> {
  const blocks = new Map<string, number>();
  for (const { label, blocksDone } of workers) blocks.set(label, (blocks.get(label) ?? 0) + blocksDone);
  return blocks;
}

function describe({ jobs, workers, paused, refused }: Snapshot): string {
  const job = jobs.map(({ name, state, rowsDone, segments, error, bottleneck }) => `${name} ${state}, ${rowsDone} rows, blocks ${JSON.stringify(segments[0]?.blocks)}, ${error?.message ?? bottleneck}`);
  const fleet = workers.map(({ label, state, device, blocksDone, failures, notice }) => `${label} ${state} on ${device ?? "?"}, ${blocksDone} blocks, ${failures} failures${notice === undefined ? "" : `, ${notice}`}`);
  return [...job, ...fleet, ...(paused === undefined ? [] : [paused]), JSON.stringify(refused)].join("; ");
}
