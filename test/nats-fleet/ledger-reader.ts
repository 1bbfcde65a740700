import type { Engine, LedgerEntry } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";

/** Follows a job's ledger beside the gateways, and counts what stands there. */
export class LedgerReader {
  /** The job's name. */
  readonly job: string;
  readonly #engine: Engine;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  /** Commits by block; more than one would be a ledger that lies. */
  readonly #commits = new Map<string, number>();
  #seq = 0;
  #error: ShoalError | undefined;

  constructor(engine: Engine, job: string) {
    [this.#engine, this.job] = [engine, job];
    this.#ended = this.#follow().catch((error: unknown) => void (this.#error = ShoalError.from(error)));
  }

  /** Blocks that are committed. @throws what following it failed with */
  get blocks(): number {
    if (this.#error !== undefined) throw this.#error;
    return this.#commits.size;
  }

  /** Blocks that have more than one commit. */
  get doubled(): string[] {
    return [...this.#commits].flatMap(([block, count]) => (count > 1 ? [block] : []));
  }

  /** What a new reader finds there, commit by commit. */
  async replayed(): Promise<string[]> {
    const blocks: string[] = [];
    for await (const entry of this.#engine.ledger.replay(this.job)) if (entry.kind === "commit") blocks.push(entry.block);
    return blocks;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    for await (const entry of this.#engine.ledger.follow(this.job, this.#stop.signal)) this.#hear(entry);
  }

  #hear(entry: LedgerEntry): void {
    if (entry.seq <= this.#seq) throw new Error(`The ledger went back: ${entry.seq} after ${this.#seq}.`);
    this.#seq = entry.seq;
    if (entry.kind === "commit") this.#commits.set(entry.block, 1 + (this.#commits.get(entry.block) ?? 0));
  }
}
