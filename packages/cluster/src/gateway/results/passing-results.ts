import type { RunOfBlocks } from "../../connection/messages.ts";
import type { Engine } from "../../engine/index.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import { blobsOf, type CommittedResult } from "./commit-record.ts";
import { GivenBlocks } from "./given-blocks.ts";

/**
 * Results that are needed until their driver has them: of jobs that go with their driver's process, on an engine that goes with this one. Nobody can ask for one again, so its bytes are let go of.
 * All others stay among the blobs until their ledger is removed.
 */
export class PassingResults {
  readonly #epoch: number;
  readonly #release: ((sha256: string) => void) | undefined;
  #named = 0;
  /** Of each segment. */
  readonly #given = new WeakMap<GatewayJob, readonly GivenBlocks[]>();

  /** @param epoch the gateway's */
  constructor({ blobs, keepsLedgers }: Pick<Engine, "blobs" | "keepsLedgers">, epoch: number) {
    this.#epoch = epoch;
    this.#release = keepsLedgers || blobs.add === undefined ? undefined : blobs.release?.bind(blobs);
  }

  /** Whether its results are such ones. Of a job that is not known here they are not. */
  areOf(job: GatewayJob | undefined): boolean {
    return this.#release !== undefined && job?.description.passing === true;
  }

  /** What one of them is called whose worker did not say its SHA-256: nobody else needs to know it by its bytes, and to hash a MB takes 0.6 ms. */
  newName(): string {
    return `${this.#epoch}.${++this.#named}`;
  }

  /** A result that was stored and that the ledger does not name. */
  drop(job: GatewayJob, { sha256, within, about, aboutSha256 }: CheckedResult): void {
    if (this.areOf(job)) this.#letGo(blobsOfResult({ sha256, within, about: aboutSha256 ?? about }));
  }

  /** A block was handed to its driver, who may not have got it. @param results those that it consists of */
  given(job: GatewayJob, segment: number, block: number, results: readonly CommittedResult[]): void {
    if (!this.areOf(job)) return;
    let segments = this.#given.get(job);
    if (segments === undefined) this.#given.set(job, (segments = job.segments.map(() => new GivenBlocks())));
    segments[segment]?.give(block, results.flatMap(blobsOfResult));
  }

  /** Its driver has them. */
  taken(job: GatewayJob, segment: number, runs: readonly RunOfBlocks[]): void {
    const given = this.#given.get(job)?.[segment];
    if (given !== undefined) this.#letGo(given.take(runs));
  }

  #letGo(blobs: readonly string[]): void {
    for (const sha256 of blobs) this.#release?.(sha256);
  }
}

/** Its own: what lies together with others goes with them. */
function blobsOfResult(result: Pick<CommittedResult, "sha256" | "within" | "about">): readonly string[] {
  return result.within === undefined ? blobsOf(result) : blobsOf(result).slice(1);
}
