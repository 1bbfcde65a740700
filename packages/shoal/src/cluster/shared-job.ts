import type { ClusterJob } from "@shoal/cluster";
import type { KeptElsewhere, RemotePools } from "@shoal/executor";

/** A run's job, by its own name; or without one, where the run goes on from what this machine has. */
export class SharedJob implements ClusterJob {
  readonly pools: RemotePools;
  readonly kept?: KeptElsewhere;
  readonly #onPublished: () => void;
  #job: ClusterJob;

  constructor(named: ClusterJob, openOther: (() => Promise<ClusterJob>) | undefined, { by, rows }: { readonly by: string; readonly rows: () => number | undefined }, onPublished: () => void) {
    this.#job = named;
    this.#onPublished = onPublished;
    if (openOther !== undefined) {
      this.kept = {
        by,
        get rows() {
          return rows();
        },
        goesOnHere: async () => {
          await named[Symbol.asyncDispose]();
          this.#job = await openOther();
        },
      };
    }
    this.pools = (plan) => {
      const stages = [...named.pools(plan)];
      // Which job it is, is known when the first of them is opened.
      let pools: ReturnType<RemotePools> | undefined;
      return new Map(stages.map(([stage, open]) => [stage, (run) => (this.#job === named ? open : (pools ??= this.#job.pools(plan)).get(stage) ?? open)(run)]));
    };
  }

  async published(): Promise<void> {
    await this.#job.published();
    this.#onPublished();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#job[Symbol.asyncDispose]();
  }
}
