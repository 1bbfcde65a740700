import { ShoalError, type ErrorData, type JsonObject } from "@shoal/core";
import * as v from "valibot";
import type { JobDescription } from "../../../connection/messages.ts";
import { jobDescription } from "../../../connection/schemas/plans.ts";
import { travellingError } from "../../../connection/travelling-error.ts";
import { noteUntilDecided } from "../../../engine/index.ts";
import type { TaskId } from "../../../scheduler/index.ts";
import { segmentOf } from "../../../scheduler/state.ts";
import type { LedgerCommits } from "../../results/ledger-commits.ts";
import { dropJob } from "../../jobs/end-job.ts";
import { followJob } from "../follow-job.ts";
import { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { DecidedBlocks } from "./decided-blocks.ts";
import { jobNote, openedRecord } from "../job-notes.ts";
import { isOwnLedger } from "../../own-ledgers.ts";

/** A job that somebody asked for in vain is not looked for at once again. */
const lookAgainMs = 5_000;
const mostLooks = 10_000;
const longestError = 2_000;

export interface GuestListener {
  /** Tasks of it may come, and results that came before may be looked at. */
  takeEarly(job: string): void;
  /** It is over, or led here from now on: nothing of it is lent to this gateway any more. */
  left(job: GatewayJob): void;
  /** It was taken up for a worker's sake: whoever leads it does not know of that yet. */
  helps(job: string): void;
}

/** Jobs that other gateways lead and that this one helps with: no role, no appends; results go to the same ledger under the same keys. */
export class GuestJobs {
  readonly #state: GatewayState;
  readonly #commits: LedgerCommits;
  readonly #listener: GuestListener;
  readonly #opening = new Map<string, Promise<GatewayJob | undefined>>();
  readonly #following = new Map<GatewayJob, AbortController>();
  readonly #looked = new Map<string, number>();

  constructor(state: GatewayState, commits: LedgerCommits, listener: GuestListener) {
    this.#state = state;
    this.#commits = commits;
    this.#listener = listener;
  }

  /**
   * Takes a job up that is led elsewhere. Undefined: it is over, or is led here.
   * @throws `blob-missing`, `bad-blob`, where its description can't be had
   */
  open(name: string, description: string, home: { readonly home: number | undefined; readonly by: string }): Promise<GatewayJob | undefined> {
    const known = this.#state.jobs.get(name);
    if (known !== undefined) return Promise.resolve(known.guest === undefined ? undefined : known);
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(name, description, home).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  async #open(name: string, sha256: string, { home, by }: { readonly home: number | undefined; readonly by: string }): Promise<GatewayJob | undefined> {
    const { jobs, loop, date, clock } = this.#state;
    const description = await this.#describe(name, sha256);
    const joined = await this.#note(name, { kind: "joined", gateway: loop.epoch });
    // Its driver may have come here meanwhile.
    if (joined === undefined || jobs.has(name)) return undefined;
    const job = new GatewayJob(description, date());
    job.describedAs = sha256;
    job.knownSeq = joined;
    job.state = "running";
    job.guest = { home, by, idleSince: clock.now(), decided: new DecidedBlocks(), fail: (error) => this.#failed(job, error) };
    if (home !== undefined) job.epochs.add(home);
    jobs.set(name, job);
    loop.tell({ kind: "job-submitted", spec: borrowedSpec(job) });
    this.#follow(job);
    this.#listener.takeEarly(name);
    this.#state.changed();
    return job;
  }

  async #describe(name: string, sha256: string): Promise<JobDescription> {
    const bytes = await this.#state.engine.blobs.get(sha256);
    const description = parsed(bytes);
    if (!v.is(jobDescription, description) || description.job !== name) throw new ShoalError("bad-blob", `Blob ${sha256} does not describe job ${name}.`, { hint: "Run the same version of Shoal on all coordinators." });
    // As it was written, to the letter: its driver may come here, and is asked whether it brings the same.
    return description as JobDescription;
  }

  #follow(job: GatewayJob): void {
    const { signal, loop } = this.#state;
    const following = new AbortController();
    this.#following.set(job, following);
    void followJob(this.#state, this.#commits, job, job.knownSeq + 1, AbortSignal.any([following.signal, signal]), {
      note: (note) => {
        if (note.kind === "joined" && note.gateway !== loop.epoch) job.epochs.add(note.gateway);
      },
      ledBy: (gateway) => {
        if (gateway === loop.epoch || job.guest === undefined) return;
        job.guest.home = gateway;
        job.epochs.add(gateway);
      },
      ended: () => this.drop(job),
    }).catch(() => {});
  }

  /**
   * A worker brought a result of a job that nobody has brought here: where the ledger names the gateway that leased it, this one takes the job up as a guest.
   */
  async look(name: string, epoch: number): Promise<void> {
    const { clock, engine, jobs, loop } = this.#state;
    if (jobs.has(name) || this.#opening.has(name) || isOwnLedger(name) || clock.now() - (this.#looked.get(name) ?? -Infinity) < lookAgainMs) return;
    if (this.#looked.size >= mostLooks) this.#looked.clear();
    this.#looked.set(name, clock.now());
    const epochs = new Set<number>();
    let description: string | undefined;
    let home: number | undefined;
    for await (const entry of engine.ledger.replay(name)) {
      if (entry.kind === "note") {
        const note = jobNote(name, entry.record);
        if (note?.kind === "joined") epochs.add(note.gateway);
      }
      const opened = entry.kind === "append" ? openedRecord(entry.records) : undefined;
      if (opened?.gateway !== undefined) epochs.add((home = opened.gateway));
      description = opened?.description ?? description;
    }
    if (description === undefined || !epochs.has(epoch)) return;
    const job = await this.open(name, description, { home: home === loop.epoch ? undefined : home, by: "" });
    if (job === undefined) return;
    for (const each of epochs) if (each !== loop.epoch) job.epochs.add(each);
    this.#listener.helps(name);
  }

  /** Of what is led here its workers have failed in such a way that it can't be run; whoever leads it says what becomes of it. */
  #failed(job: GatewayJob, error: ErrorData): void {
    if (error.code !== "ledger-gone") void this.tell(job.name, { kind: "failed", gateway: this.#state.loop.epoch, error: noteError(error) });
    this.drop(job);
  }

  /** Writes a note, if that can be. */
  async tell(job: string, note: JsonObject): Promise<void> {
    await this.#note(job, note).catch((error: unknown) => this.#state.log.debug(`A note on ${job} could not be written: ${ShoalError.from(error).message}`));
  }

  /** Where it stands; undefined: the job has no ledger. */
  async #note(job: string, note: JsonObject): Promise<number | undefined> {
    const { engine, clock, random, signal } = this.#state;
    const answer = await noteUntilDecided(engine.ledger, job, note, { clock, random, signal });
    return answer.outcome === "accepted" ? answer.seq : undefined;
  }

  /** Nothing of it is done here any more. */
  drop(job: GatewayJob): void {
    if (this.#state.jobs.get(job.name) !== job || job.guest === undefined) return;
    this.leave(job);
    dropJob(this.#state, job);
  }

  /** It is led here from now on, or gone. */
  leave(job: GatewayJob): void {
    this.#following.get(job)?.abort();
    this.#following.delete(job);
    this.#listener.left(job);
    job.guest = undefined;
  }

  /** A job that was led here and is led elsewhere now: what workers have of it counts; what nobody has is for its new home to give out. */
  becomeGuest(job: GatewayJob): void {
    const { loop, clock, inputs } = this.#state;
    const waiting: TaskId[] = [];
    for (const { index: segment, open } of loop.state.jobs.get(job.name)?.segments ?? []) {
      for (const [block, { parts }] of open) for (const { first, rows, attempts, committing } of parts) if (attempts.length === 0 && committing === undefined) waiting.push({ job: job.name, segment, block, first, rows });
    }
    for (const task of waiting) {
      loop.tell({ kind: "task-withdrawn", task });
      if (segmentOf(loop.state, task)?.open.has(task.block) !== true) inputs.take(task);
    }
    job.guest = { home: undefined, by: "", idleSince: clock.now(), decided: new DecidedBlocks(), fail: (error) => this.#failed(job, error) };
    loop.tell({ kind: "job-submitted", spec: borrowedSpec(job) });
    this.#follow(job);
  }
}

/** Undefined where it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** As the scheduler of a gateway sees it that does not lead it: where its end is, is not for this one to say. */
function borrowedSpec({ spec }: GatewayJob): GatewayJob["spec"] {
  return { ...spec, borrowed: true, segments: spec.segments.map(({ needs, divisible }) => ({ needs, divisible })) };
}

/** Of an error what goes into a note. */
export function noteError(error: ErrorData): JsonObject {
  const { code, message, hint, failure } = travellingError(error);
  return { code: code.slice(0, 200), message: message.slice(0, longestError), ...(hint === undefined ? {} : { hint: hint.slice(0, 500) }), ...(failure === undefined ? {} : { failure }) };
}
