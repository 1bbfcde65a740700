import { ShoalError } from "@shoal/core";
import { blobGraceMs, blobRenewMs } from "./blob-ages.ts";
import type { Claims } from "./elsewhere/claims.ts";
import { blobsOf, committedOf } from "./results/commit-record.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { JobDescription } from "../connection/messages.ts";
import { jobNote, openedRecord } from "./elsewhere/job-notes.ts";
import { roleOf } from "./elsewhere/job-roles.ts";
import { filesOf } from "./jobs/model-files.ts";
import { isOwnLedger } from "./own-ledgers.ts";
import { storeMark } from "./same-store.ts";

/** Not at once at the start: drivers come back first. */
const firstMs = 600_000;
const everyMs = 3_600_000;
/** A role that nobody has is ours within this time. */
const leaderAnswersMs = 2_000;

/** What a collection has read of a ledger. */
interface LedgerSeen {
  /** Blobs. */
  readonly named: ReadonlySet<string>;
  /** The blob that describes its job. */
  readonly description: string | undefined;
  /** A date; absent where nobody wrote that it leads the job. */
  readonly keptUntil: number | undefined;
  /** Absent where it is empty. */
  readonly lastSeq: number | undefined;
}

/** Removes what nothing refers to any more: ledgers that nobody has come back to, results that no ledger names, files that no job needs. */
export class BlobCollection {
  readonly #state: GatewayState;
  readonly #claims: Claims;
  #dueAt: number;
  #startedAt = -Infinity;
  #renewAt: number;
  #running: Promise<void> | undefined;
  #again = false;
  /** Since when ledgers have been seen empty: of a gateway that died, or lost its role, before it wrote that it leads the job. */
  #emptySince: ReadonlyMap<string, number> = new Map();

  constructor(state: GatewayState, claims: Claims) {
    this.#state = state;
    this.#claims = claims;
    this.#dueAt = state.clock.now() + firstMs;
    this.#renewAt = state.clock.now() + blobRenewMs;
  }

  /** Now and again, should no job end for long. Called about once a second. */
  mind(): void {
    const now = this.#state.clock.now();
    if (now >= this.#dueAt) this.#start();
    if (now < this.#renewAt) return;
    this.#renewAt = now + blobRenewMs;
    void this.#renewUndecided();
  }

  /** Something is needed no more. Each time all ledgers are read, and what is young stays: so not for every job that ends. */
  soon(): void {
    const earliest = this.#startedAt + blobGraceMs;
    if (this.#state.clock.now() >= earliest) this.#start();
    else this.#dueAt = Math.min(this.#dueAt, earliest);
  }

  /** Now, or once more when the one under way is through. */
  #start(): void {
    this.#startedAt = this.#state.clock.now();
    this.#dueAt = this.#startedAt + everyMs;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#collect()
      // One that the end of the gateway has cut short says nothing: the next gateway collects.
      .catch((error: unknown) => this.#state.signal.aborted ? undefined : this.#state.log.warn(`Results that are not needed any more could not be removed: ${ShoalError.from(error).message}`))
      .finally(() => {
        this.#running = undefined;
        if (!this.#again || this.#state.signal.aborted) return;
        this.#again = false;
        this.#start();
      });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #collect(): Promise<void> {
    const { engine, files, jobs, clock } = this.#state;
    const now = clock.now();
    const emptySince = new Map<string, number>();
    const named = new Set<string>();
    const needed = new Set<string>();
    let knowsAll = true;
    for (const job of await engine.ledger.jobs()) {
      if (isOwnLedger(job)) continue;
      const ledger = await this.#read(job);
      if (ledger.lastSeq === undefined) emptySince.set(job, this.#emptySince.get(job) ?? now);
      if (!jobs.has(job) && this.#isLeft(ledger, now - (emptySince.get(job) ?? now)) && (await this.#removeUnled(job, ledger))) continue;
      const { description } = ledger;
      for (const sha256 of ledger.named) named.add(sha256);
      // Another gateway's workers may need them; this one's are seen to below.
      if (files?.collect === undefined || jobs.has(job)) continue;
      const found = description === undefined ? [] : await this.#filesOf(description);
      knowsAll &&= found !== undefined;
      for (const sha256 of found ?? []) needed.add(sha256);
    }
    this.#emptySince = emptySince;
    for (const job of jobs.values()) for (const sha256 of job.undecided()) named.add(sha256);
    for (const sha256 of this.#claims.waiting()) named.add(sha256);
    const mark = await storeMark(engine);
    if (mark !== undefined) named.add(mark);
    // What other gateways have stored and not committed yet, and rows on their way between gateways, nothing but their age keeps: whoever has them renews it.
    await engine.blobs.collect((sha256) => named.has(sha256), blobGraceMs);
    for (const { isOver, description } of jobs.values()) if (!isOver) for (const sha256 of filesOf(description)) needed.add(sha256);
    if (knowsAll) await files?.collect?.((sha256) => needed.has(sha256));
  }

  async #read(job: string): Promise<LedgerSeen> {
    const named = new Set<string>();
    const { settings } = this.#state;
    let [description, keptUntil, lastSeq]: [string | undefined, number | undefined, number | undefined] = [undefined, undefined, undefined];
    for await (const entry of this.#state.engine.ledger.replay(job)) {
      lastSeq = entry.seq;
      if (entry.kind === "append") {
        const opened = openedRecord(entry.records);
        description = opened?.description ?? description;
        if (opened?.at !== undefined) keptUntil = opened.at + (opened.isPassing ? settings.passingLedgerMs : settings.ledgerMs);
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
    return { named, description, keptUntil, lastSeq };
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
      await blobs.get(sha256).then((bytes) => blobs.put(sha256, bytes)).then(() => blobs.release?.(sha256)).catch((error: unknown) => log.debug(`Blob ${sha256} could not be renewed: ${ShoalError.from(error).message}`));
    }
  }

  /** Nobody has come back to it for days; for a day, where nobody can but a driver that was asleep. Or nothing was ever written in it. */
  #isLeft({ keptUntil, lastSeq }: LedgerSeen, emptyMs: number): boolean {
    if (lastSeq === undefined) return emptyMs >= everyMs;
    return keptUntil !== undefined && keptUntil < this.#state.date();
  }

  /** Unless another gateway leads it: a job may run for longer than that; or has come back to it since it was read. */
  async #removeUnled(job: string, { lastSeq = -1 }: LedgerSeen): Promise<boolean> {
    const { engine, settings, clock, signal } = this.#state;
    const enough = new AbortController();
    // The end of the gateway is enough, too.
    const giveUp = (): void => enough.abort();
    clock.sleep(leaderAnswersMs, AbortSignal.any([enough.signal, signal])).then(giveUp, giveUp);
    const role = await engine.leader.acquire(roleOf(job), Math.max(settings.leaderMs, engine.leader.shortestTtlMs), enough.signal).catch(() => undefined);
    enough.abort();
    if (role === undefined) return false;
    try {
      for await (const _ of engine.ledger.replay(job, lastSeq + 1)) return false;
      await engine.ledger.remove(job);
      return true;
    } finally {
      await role.release();
    }
  }
}
