import { ShoalError } from "@shoal/core";
import { sha256Of } from "../engine/index.ts";
import { pauseJob, resumeJob } from "./jobs/end-job.ts";
import type { GatewayState } from "./gateway-state.ts";

/** Whoever has something to commit tries again sooner. */
const quietMs = 15_000;

/** The engine takes no writes: nothing more is leased until it does, for results could not be kept. */
export class EngineTrouble {
  readonly #state: GatewayState;
  readonly #notice: (message: string) => void;
  #why: string | undefined;
  #isProbing = false;
  #metAt = 0;
  /** The ledger takes nothing: what blobs do tells nothing of that. */
  #isOfLedger = false;
  /** It answers, and takes nothing from this gateway. */
  #isRefusal = false;

  constructor(state: GatewayState, notice: (message: string) => void) {
    this.#state = state;
    this.#notice = notice;
  }

  /** In words; undefined while all is well. */
  get why(): string | undefined {
    return this.#why;
  }

  /** @param isOfLedger a commit was not taken */
  met(error: ShoalError, isOfLedger = false): void {
    this.#isOfLedger = isOfLedger && !isOfDisk(error);
    this.#isRefusal = isRefusal(error);
    this.#metAt = this.#state.clock.now();
    const { message, hint } = error.toData();
    const known = this.#why;
    this.#why = hint === undefined ? message : `${message} ${hint}`;
    for (const job of this.#state.jobs.values()) if (!job.isOver) pauseJob(this.#state, job, "disk");
    if (known === undefined) this.#notice(`Nothing can be stored now, and nothing more is leased: ${this.#why}`);
    this.#state.changed();
  }

  /** Nothing is on its way that would tell that it is over, for whoever brought it has gone elsewhere: something small is stored. Called about once a second. */
  probe(): void {
    const { engine, loop, clock, log } = this.#state;
    if (this.#why === undefined || this.#isProbing) return;
    if (this.#isOfLedger && (engine.status().state === "paused" || clock.now() - this.#metAt < quietMs)) return;
    this.#isProbing = true;
    const bytes = new TextEncoder().encode(`Can this be stored? ${loop.epoch} ${clock.now()}`);
    sha256Of(bytes)
      .then((sha256) => engine.blobs.put(sha256, bytes))
      .then(() => this.#end(), (error: unknown) => log.debug(`Nothing can be stored yet: ${ShoalError.from(error).message}`))
      .finally(() => (this.#isProbing = false));
  }

  /** A blob could be stored. */
  stored(): void {
    if (!this.#isOfLedger) this.#end();
  }

  /** A commit was accepted. */
  committed(): void {
    this.#end();
  }

  /** The ledger has answered that another was first: one that was away is back. Of what it refuses, and of a disk, that tells nothing. */
  answered(): void {
    if (this.#isOfLedger && !this.#isRefusal && this.#state.engine.status().state !== "paused") this.#end();
  }

  #end(): void {
    if (this.#why === undefined) return;
    this.#why = undefined;
    for (const job of this.#state.jobs.values()) resumeJob(this.#state, job, "disk");
    this.#notice("The coordinator stores results again, and goes on.");
    this.#state.changed();
  }
}

/** What an account has no room for, or may not do any more: that does not mend by itself. */
export function isRefusal({ code }: ShoalError): boolean {
  return code === "engine-refused";
}

/** Ledger and blobs of one folder share a disk. */
function isOfDisk({ code, details }: ShoalError): boolean {
  return code === "disk-full" || details?.["reason"] === "disk-full";
}
