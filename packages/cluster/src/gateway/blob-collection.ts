import { ShoalError } from "@shoal/core";
import type { Claims } from "./elsewhere/claims.ts";
import { blobsOf, committedOf } from "./results/commit-record.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { JobDescription } from "../connection/messages.ts";
import { jobNote, openedRecord } from "./elsewhere/job-notes.ts";
import { roleOf } from "./elsewhere/job-roles.ts";
import { filesOf } from "./jobs/model-files.ts";
import { isOwnLedger } from "./own-ledgers.ts";
import { storeMark } from "./same-store.ts";

/** What was stored within this time may be about to be committed. */
const graceMs = 600_000;
/** Not at once at the start: drivers come back first. */
const firstMs = 600_000;
const everyMs = 3_600_000;
const renewMs = graceMs / 3;
/** A role that nobody has is ours within this time. */
const leaderAnswersMs = 2_000;

/** Removes what nothing refers to any more: ledgers that nobody has come back to, results that no ledger names, files that no job needs. */
export class BlobCollection {
  readonly #state: GatewayState;
  readonly #claims: Claims;
  #dueAt: number;
  #renewAt: number;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(state: GatewayState, claims: Claims) {
    this.#state = state;
    this.#claims = claims;
    this.#dueAt = state.clock.now() + firstMs;
    this.#renewAt = state.clock.now() + renewMs;
  }

  /** Now and again, should no job end for long. Called about once a second. */
  mind(): void {
    const now = this.#state.clock.now();
    if (now >= this.#dueAt) this.start();
    if (now < this.#renewAt) return;
    this.#renewAt = now + renewMs;
    void this.#renewUndecided();
  }

  /** Now, or once more when the one under way is through. */
  start(): void {
    this.#dueAt = this.#state.clock.now() + everyMs;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#collect()
      .catch((error: unknown) => this.#state.log.warn(`Results that are not needed any more could not be removed: ${ShoalError.from(error).message}`))
      .finally(() => {
        this.#running = undefined;
        if (!this.#again || this.#state.signal.aborted) return;
        this.#again = false;
        this.start();
      });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #collect(): Promise<void> {
    const { engine, files, jobs } = this.#state;
    await this.#removeOldLedgers();
    const named = new Set<string>();
    const needed = new Set<string>();
    let knowsAll = true;
    for (const job of await engine.ledger.jobs()) {
      if (isOwnLedger(job)) continue;
      const description = await this.#read(job, named);
      // Another gateway's workers may need them; this one's are seen to below.
      if (files?.collect === undefined || jobs.has(job)) continue;
      const found = description === undefined ? [] : await this.#filesOf(description);
      knowsAll &&= found !== undefined;
      for (const sha256 of found ?? []) needed.add(sha256);
    }
    for (const job of jobs.values()) for (const sha256 of job.undecided()) named.add(sha256);
    for (const sha256 of this.#claims.waiting()) named.add(sha256);
    const mark = await storeMark(engine);
    if (mark !== undefined) named.add(mark);
    // What other gateways have stored and not committed yet, and rows on their way between gateways, nothing but their age keeps: whoever has them renews it.
    await engine.blobs.collect((sha256) => named.has(sha256), graceMs);
    for (const { isOver, description } of jobs.values()) if (!isOver) for (const sha256 of filesOf(description)) needed.add(sha256);
    if (knowsAll) await files?.collect?.((sha256) => needed.has(sha256));
  }

  /** Adds what a ledger names. Gives the blob that describes its job. */
  async #read(job: string, named: Set<string>): Promise<string | undefined> {
    let description: string | undefined;
    for await (const entry of this.#state.engine.ledger.replay(job)) {
      if (entry.kind === "append") {
        description = openedRecord(entry.records)?.description ?? description;
        continue;
      }
      if (entry.kind === "note") {
        const note = jobNote(job, entry.record);
        if (note?.kind !== "claim") continue;
        for (const sha256 of blobsOf(note.claim)) named.add(sha256);
        continue;
      }
      const committed = committedOf(entry.record);
      if (committed.kind !== "result") continue;
      for (const sha256 of blobsOf(committed)) named.add(sha256);
    }
    if (description !== undefined) named.add(description);
    return description;
  }

  /** Files that a job of another gateway brings; undefined where that can't be known now. */
  async #filesOf(description: string): Promise<readonly string[] | undefined> {
    try {
      return [...filesOf(JSON.parse(new TextDecoder().decode(await this.#state.engine.blobs.get(description))) as JobDescription)];
    } catch {
      return undefined;
    }
  }

  /** A result that the ledger does not decide for long would be collected by other gateways, which don't know of it. */
  async #renewUndecided(): Promise<void> {
    const { jobs, engine: { blobs }, log } = this.#state;
    for (const job of jobs.values()) for (const sha256 of new Set(job.undecided())) {
      // One that can't be had keeps no other one from being renewed.
      await blobs.get(sha256).then((bytes) => blobs.put(sha256, bytes)).catch((error: unknown) => log.debug(`Blob ${sha256} could not be renewed: ${ShoalError.from(error).message}`));
    }
  }

  /** Of jobs that nobody has come back to for days; for a day, where nobody can but a driver that was asleep. */
  async #removeOldLedgers(): Promise<void> {
    const { engine, jobs, settings, date } = this.#state;
    for (const job of await engine.ledger.jobs()) {
      if (isOwnLedger(job) || jobs.has(job)) continue;
      let openedAt: number | undefined;
      let keptMs = settings.ledgerMs;
      for await (const entry of engine.ledger.replay(job)) {
        const opened = entry.kind === "append" ? openedRecord(entry.records) : undefined;
        if (opened?.at === undefined) continue;
        openedAt = opened.at;
        keptMs = opened.isPassing ? settings.passingLedgerMs : settings.ledgerMs;
      }
      if (openedAt !== undefined && openedAt + keptMs < date()) await this.#removeUnled(job);
    }
  }

  /** Unless another gateway leads it: a job may run for longer than that. */
  async #removeUnled(job: string): Promise<void> {
    const { engine, settings, clock, signal } = this.#state;
    const enough = new AbortController();
    // The end of the gateway is enough, too.
    const giveUp = (): void => enough.abort();
    clock.sleep(leaderAnswersMs, AbortSignal.any([enough.signal, signal])).then(giveUp, giveUp);
    const role = await engine.leader.acquire(roleOf(job), Math.max(settings.leaderMs, engine.leader.shortestTtlMs), enough.signal).catch(() => undefined);
    enough.abort();
    if (role === undefined) return;
    try {
      await engine.ledger.remove(job);
    } finally {
      await role.release();
    }
  }
}
