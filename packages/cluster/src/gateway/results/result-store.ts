import { ShoalError } from "@shoal/core";
import type { ResultMessage } from "../../connection/messages.ts";
import { sha256Now, sha256Of } from "../../engine/blob-bytes.ts";
import type { EngineTrouble } from "../engine-trouble.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import type { ResultSamples } from "../snapshot/result-samples.ts";
import type { WorkerLink } from "../workers/worker-link.ts";
import { GatheredResults, type BlobPart } from "./gathered-results.ts";
import { putBlob } from "./put-blob.ts";
import { encodeAbout, fitsIntoRecord, type ResultAbout } from "./stored-result.ts";

const firstRetryMs = 200;
const longestRetryMs = 5_000;

/** Puts results among the blobs, until they are there: a full disk is nobody's fault, and goes by. */
export class ResultStore {
  readonly #state: GatewayState;
  readonly #trouble: EngineTrouble;
  readonly #samples: ResultSamples;
  readonly #gathered: GatheredResults;
  #retry: Promise<void> | undefined;
  #retryMs = firstRetryMs;

  constructor(state: GatewayState, trouble: EngineTrouble, samples: ResultSamples) {
    this.#state = state;
    this.#trouble = trouble;
    this.#samples = samples;
    this.#gathered = new GatheredResults(state.engine.blobs);
  }

  /**
   * @param known its SHA-256, where somebody has taken it
   * @returns undefined: its worker is gone, and will present it again
   */
  async keep(link: WorkerLink, job: GatewayJob, { task, attempt, rows, failures, stats, input }: ResultMessage, payload: Uint8Array, known: string | undefined): Promise<CheckedResult | undefined> {
    const { passing } = this.#state;
    const sha256 = known ?? (passing.areOf(job) ? passing.newName() : (sha256Now?.(payload) ?? (await sha256Of(payload as Uint8Array<ArrayBuffer>))));
    const about: ResultAbout = { failures, stats };
    let aboutSha256: string | undefined;
    if (!fitsIntoRecord(about)) {
      const bytes = encodeAbout(about);
      aboutSha256 = await sha256Of(bytes);
      if (!(await this.#storeAbout(link, aboutSha256, bytes))) return undefined;
    }
    const stored = await this.#storeRows(link, job, sha256, payload);
    if (stored === undefined) return undefined;
    this.#state.recent.add(sha256, payload);
    this.#samples.see(job, task, payload, failures);
    return { task, attempt, worker: link.record.name, input, sha256, within: stored.within, rows, about, aboutSha256 };
  }

  /** With others that come at the same time; alone, where that failed, or where each goes by itself. */
  #storeRows(link: WorkerLink, job: GatewayJob, sha256: string, bytes: Uint8Array): Promise<{ readonly within: BlobPart | undefined } | undefined> {
    const stored = this.#state.passing.areOf(job) ? putBlob(this.#state.engine.blobs, sha256, bytes).then(() => undefined) : this.#gathered.store(job.name, sha256, bytes);
    return stored.then(
      (within) => {
        this.#stored();
        return { within };
      },
      async (error: unknown) => ((await this.#storeLater(link, sha256, bytes, error)) ? { within: undefined } : undefined),
    );
  }

  #storeAbout(link: WorkerLink, sha256: string, bytes: Uint8Array): Promise<boolean> {
    return putBlob(this.#state.engine.blobs, sha256, bytes).then(
      () => this.#stored(),
      (error: unknown) => this.#storeLater(link, sha256, bytes, error),
    );
  }

  /** False: its worker is gone. */
  async #storeLater(link: WorkerLink, sha256: string, bytes: Uint8Array, met: unknown): Promise<boolean> {
    for (let error = met; ; ) {
      this.#trouble.met(ShoalError.from(error));
      await (this.#retry ??= this.#rest());
      if (!link.isOpen) return false;
      this.#state.signal.throwIfAborted();
      try {
        await putBlob(this.#state.engine.blobs, sha256, bytes);
        return this.#stored();
      } catch (again) {
        error = again;
      }
    }
  }

  #stored(): true {
    this.#trouble.stored();
    this.#retryMs = firstRetryMs;
    return true;
  }

  /** All results that can't be stored wait together: there may be many, and one disk. */
  async #rest(): Promise<void> {
    const { clock, random, signal } = this.#state;
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(2 * waitMs, longestRetryMs);
    try {
      await clock.sleep(waitMs * (0.5 + random()), signal);
    } finally {
      this.#retry = undefined;
    }
  }
}
