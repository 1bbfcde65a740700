import type { Accepted, AppendOutcome, CommitOutcome, CommitRecord, Fence, Ledger, LedgerEntry, NoLedger, NoteOutcome, Undecided } from "@shoal/cluster";
import { ShoalError, type JsonObject } from "@shoal/core";
import type { MsgRequest } from "@nats-io/jetstream";
import { CommitBatches } from "./commit-batches.ts";
import { isObject, jsonOf } from "./json-of.ts";
import { followStream, replayStream, type StreamMessage } from "./read-stream.ts";
import type { LedgerBook, LedgerPlace } from "./ledger-book.ts";
import { apiCode, apiCodes, isNoResponders, isUnanswered, unansweredReason } from "./nats-errors.ts";
import { asRefused, type NatsLink } from "./nats-link.ts";
import { token } from "./nats-names.ts";

type CommitBody = { readonly block: string; readonly record: CommitRecord };
type AppendBody = Fence & { readonly records: readonly JsonObject[]; readonly nonce: string };

/** The last append of a role: nobody else's follows it unseen. */
type LastAppend = Pick<AppendBody, "epoch"> & { readonly seq: number };

/** The first message of a subject from there on. The servers know it, the client's types don't. */
interface NextOfSubject {
  readonly seq: number;
  readonly next_by_subj: string;
}

/** An append on its way. */
interface Appending {
  readonly body: AppendBody;
  /** Where the last append was when this one was sent and not answered: if it was written, it is the next one after that. */
  unansweredAfter: number | undefined;
}

const noLedger: NoLedger = { outcome: "no-ledger" };
/** Another publish to the subject is under way: it is settled within milliseconds. */
const inFlightWaitMs = 3;
/** Unless most servers are gone, and it never is. */
const inFlightTries = 100;
/** A commit that was not answered is sent once more here; after that the caller knows better whether to wait. */
const sendings = 2;

/**
 * One stream for each job, one subject for each block, and the server accepts the first message of a subject. So no gateway has to know what the others do.
 */
export class NatsLedger implements Ledger {
  readonly #link: NatsLink;
  readonly #book: LedgerBook;
  /** Whoever appends for a role waits for the one before: an append expects the last one, and a second in flight would be refused. */
  readonly #appending = new Map<string, Promise<unknown>>();
  /** By role, of each ledger as long as its place is remembered; so are its batches. */
  readonly #lastAppends = new WeakMap<LedgerPlace, Map<string, LastAppend>>();
  readonly #batches = new WeakMap<LedgerPlace, CommitBatches>();
  readonly #instance: string;
  #nonces = 0;

  constructor(link: NatsLink, book: LedgerBook) {
    this.#link = link;
    this.#book = book;
    this.#instance = link.random().toString(36).slice(2);
  }

  open(job: string): Promise<void> {
    return this.#link.during(() => this.#book.open(job));
  }

  remove(job: string): Promise<void> {
    return this.#link.during(() => this.#book.remove(job));
  }

  jobs(): Promise<readonly string[]> {
    return this.#link.during(() => this.#book.jobs());
  }

  commit(job: string, block: string, record: CommitRecord): Promise<CommitOutcome> {
    const body: CommitBody = { block, record };
    return this.#write(job, "commit a block", sendings, async (place) => {
      const subject = commitSubject(place, block);
      for (let tries = 1; ; tries++) {
        try {
          const seq = tries === 1 ? await this.#batchesOf(place).publish(subject, body) : (await this.#link.publish(subject, body, { expect: { lastSubjectSequence: 0, streamName: place.stream } })).seq;
          if (seq !== undefined) return { outcome: "accepted", seq };
        } catch (error) {
          const code = apiCode(error);
          if (code === apiCodes.publishInFlight && tries < inFlightTries) await this.#link.pause(inFlightWaitMs * (0.5 + this.#link.random()));
          else if (code !== apiCodes.wrongLastSequence) throw error;
          else {
            const winner = await this.#read(place, { last_by_subj: subject }, commitOf);
            // Its leader said that it is there, and another one does not know it yet.
            if (winner === undefined) throw unansweredReason(error, "tell who was first", this.#link.servers);
            return winner.body.record.attempt === record.attempt ? { outcome: "accepted", seq: winner.seq } : { outcome: "lost", winner: winner.body.record };
          }
        }
      }
    });
  }

  committed(job: string, block: string): Promise<CommitRecord | undefined> {
    return this.#link.during(async () => {
      const place = await this.#book.place(job);
      if (place === undefined) return undefined;
      try {
        return (await this.#read(place, { last_by_subj: commitSubject(place, block) }, commitOf))?.body.record;
      } catch (error) {
        if (apiCode(error) !== apiCodes.streamNotFound) throw asRefused(error, "tell what is committed");
        this.#book.forget(job);
        return undefined;
      }
    });
  }

  note(job: string, record: JsonObject): Promise<NoteOutcome> {
    return this.#write(job, "write a note", 1, async (place) => {
      const { seq } = await this.#link.publish(`${place.subjects}.note`, record, { expect: { streamName: place.stream } });
      return { outcome: "accepted", seq };
    });
  }

  append(job: string, records: readonly JsonObject[], { role, epoch }: Fence): Promise<AppendOutcome> {
    const key = appendKey(job, role);
    const body: AppendBody = { role, epoch, records, nonce: `${this.#instance}-${++this.#nonces}` };
    const before = this.#appending.get(key) ?? Promise.resolve();
    const appending: Appending = { body, unansweredAfter: undefined };
    const appended = before.then(() => this.#write<AppendOutcome>(job, "append", sendings, (place) => this.#appendTo(place, appending)));
    const settled: Promise<unknown> = appended.catch(() => {}).then(() => this.#appending.get(key) === settled && this.#appending.delete(key));
    this.#appending.set(key, settled);
    return appended;
  }

  replay(job: string, fromSeq = 0): AsyncGenerator<LedgerEntry> {
    return this.#entries(job, (stream) => replayStream(this.#link, stream, fromSeq));
  }

  follow(job: string, signal: AbortSignal, fromSeq = 0): AsyncGenerator<LedgerEntry> {
    return this.#followed(job, signal, fromSeq);
  }

  async *#followed(job: string, signal: AbortSignal, fromSeq: number): AsyncGenerator<LedgerEntry> {
    const place = await this.#link.during(() => this.#book.place(job));
    yield* this.#entries(job, (stream) => followStream(this.#link, stream, fromSeq, signal));
    // Its stream was taken: whoever follows again finds the one that was made anew.
    if (place !== undefined && !signal.aborted && !this.#link.isClosing) await this.#link.during(() => this.#book.isThere(job, place));
  }

  async *#entries(job: string, read: (stream: string) => AsyncIterable<StreamMessage>): AsyncGenerator<LedgerEntry> {
    const place = await this.#link.during(() => this.#book.place(job));
    if (place === undefined) return;
    for await (const message of read(place.stream)) {
      const entry = entryOf(message, place);
      if (entry !== undefined) yield entry;
    }
  }

  /**
   * The fence: an append says which one of its role it follows, and is refused if that is not the last. So whoever has read an append of a later epoch can't follow it, and
   * whoever has not read it can't either.
   */
  async #appendTo(place: LedgerPlace, appending: Appending): Promise<AppendOutcome> {
    const { body } = appending;
    const lasts = this.#lastAppendsOf(place);
    const appended = (seq: number): Accepted => {
      lasts.set(body.role, { seq, epoch: body.epoch });
      return { outcome: "accepted", seq };
    };
    const subject = `${place.subjects}.append.${token(body.role)}`;
    for (let tries = 1; ; tries++) {
      if (appending.unansweredAfter !== undefined) {
        const next = await this.#read(place, { seq: appending.unansweredAfter + 1, next_by_subj: subject }, appendOf);
        if (next?.body?.nonce === body.nonce) return appended(next.seq);
        // Another one stands where it would: it never will.
        if (next !== undefined) appending.unansweredAfter = undefined;
      }
      const last = lasts.get(body.role) ?? (await this.#lastAppend(place, subject));
      if (appending.unansweredAfter !== undefined && last.seq !== appending.unansweredAfter) continue;
      if (last.epoch > body.epoch) return { outcome: "deposed", epoch: last.epoch };
      try {
        const { seq } = await this.#link.publish(subject, body, { expect: { lastSubjectSequence: last.seq, streamName: place.stream } });
        return appended(seq);
      } catch (error) {
        lasts.delete(body.role);
        const code = apiCode(error);
        if (code === apiCodes.publishInFlight && tries < inFlightTries) await this.#link.pause(inFlightWaitMs * (0.5 + this.#link.random()));
        else if (code !== apiCodes.wrongLastSequence) {
          if (code !== apiCodes.publishInFlight) appending.unansweredAfter = last.seq;
          throw error;
        }
      }
    }
  }

  #lastAppendsOf(place: LedgerPlace): Map<string, LastAppend> {
    let lasts = this.#lastAppends.get(place);
    if (lasts === undefined) this.#lastAppends.set(place, (lasts = new Map()));
    return lasts;
  }

  async #lastAppend(place: LedgerPlace, subject: string): Promise<LastAppend> {
    const last = await this.#read(place, { last_by_subj: subject }, appendOf);
    return { seq: last?.seq ?? 0, epoch: last?.body?.epoch ?? 0 };
  }

  #batchesOf(place: LedgerPlace): CommitBatches {
    let batches = this.#batches.get(place);
    if (batches === undefined) this.#batches.set(place, (batches = new CommitBatches(this.#link, place.stream)));
    return batches;
  }

  /** What the stream's leader has there. */
  async #read<T>(place: LedgerPlace, query: MsgRequest | NextOfSubject, bodyOf: (value: unknown) => T): Promise<{ readonly seq: number; readonly body: T } | undefined> {
    const stored = await this.#link.ask("read the ledger", () => this.#link.jsm.streams.getMessage(place.stream, query));
    return stored === null ? undefined : { seq: stored.seq, body: bodyOf(jsonOf(stored.data)) };
  }

  /** A write, until it is known what became of it, or nobody answers. */
  #write<T extends { readonly outcome: string }>(job: string, what: string, tries: number, send: (place: LedgerPlace) => Promise<T>): Promise<T | NoLedger | Undecided> {
    return this.#link.during(async () => {
      try {
        for (let left = tries; ; left--) {
          const place = await this.#book.place(job);
          if (place === undefined) return noLedger;
          try {
            return await send(place);
          } catch (error) {
            const isGone = apiCode(error) === apiCodes.streamNotFound || isNoResponders(error);
            // Not written in either case; a ledger that was made anew meanwhile is another place.
            if (isGone && !(await this.#book.isThere(job, place)) && left > 0) continue;
            if (!isUnanswered(error)) throw error;
            const reason = this.#link.unanswered(error, what);
            if (left <= 1 || !this.#link.isConnected) return { outcome: "undecided", reason };
            if (isGone) await this.#link.pause(100 * (0.5 + this.#link.random()));
          }
        }
      } catch (error) {
        if (ShoalError.is(error, "engine-closed")) throw error;
        const isPaused = ShoalError.is(error, "engine-paused") && ShoalError.is(error.cause);
        return { outcome: "undecided", reason: isPaused ? (error.cause as ShoalError) : asRefused(error, what) };
      }
    });
  }
}

function commitSubject({ subjects }: LedgerPlace, block: string): string {
  return `${subjects}.commit.${token(block)}`;
}

function appendKey(job: string, role: string): string {
  return `${JSON.stringify(job)} ${role}`;
}

/** Undefined for what no gateway has written: it says nothing. But a commit stands, whatever it says. */
function entryOf({ seq, subject, data }: StreamMessage, place: LedgerPlace): LedgerEntry | undefined {
  const value = jsonOf(data);
  const [kind, name = ""] = subject.slice(place.subjects.length + 1).split(".");
  if (kind === "commit") {
    const { block = name, record } = commitOf(value);
    return { kind, seq, block, record };
  }
  if (kind === "note") return isObject(value) ? { kind, seq, record: value } : undefined;
  const append = appendOf(value);
  return append && { kind: "append", seq, role: append.role, epoch: append.epoch, records: append.records };
}

/** A block whose subject holds something else is taken for ever: its record is one that nobody can read, so that whoever needs it can say so. */
function commitOf(value: unknown): { readonly block?: string; readonly record: CommitRecord } {
  const { block, record } = isObject(value) ? value : {};
  return { ...(typeof block === "string" && { block }), record: isObject(record) && typeof record["attempt"] === "string" ? (record as CommitRecord) : { attempt: "unreadable" } };
}

function appendOf(value: unknown): AppendBody | undefined {
  if (!isObject(value)) return undefined;
  const { role, epoch, records, nonce } = value;
  if (typeof role !== "string" || typeof epoch !== "number" || !Array.isArray(records) || !records.every(isObject)) return undefined;
  return { role, epoch, records, nonce: String(nonce) };
}
