import { enginePaused } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { apiCode, apiCodes, unreachable } from "./nats-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { lastNumber, type NatsNames } from "./nats-names.ts";
import type { Register, Registered } from "./register.ts";
import { ledgerStream } from "./stream-configs.ts";

/** What is registered of a job. A stream is looked for only while it is `open`; one that is `making` may not be there yet. */
type JobEntry = {
  readonly job: string;
  readonly state: "making" | "open" | "removed";
  /** Rises when a ledger has to be made anew, for a stream's name is not used twice. */
  readonly generation: number;
};

/** Where a job's ledger is. */
export interface LedgerPlace {
  readonly stream: string;
  /** What its subjects begin with. */
  readonly subjects: string;
}

/** How long the name of a job that was removed stays taken, in days. */
const removedForDays = 30;

/** Which jobs have a ledger, and where: opened, looked up and removed by way of the register, so that all gateways see the same. */
export class LedgerBook {
  readonly #link: NatsLink;
  readonly #names: NatsNames;
  readonly #register: Register;
  readonly #replicas: number;
  readonly #maxJobs: number;
  readonly #places = new Map<string, Promise<LedgerPlace | undefined>>();
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(link: NatsLink, names: NatsNames, register: Register, { replicas, maxJobs }: { readonly replicas: number; readonly maxJobs: number }) {
    this.#link = link;
    this.#names = names;
    this.#register = register;
    this.#replicas = replicas;
    this.#maxJobs = maxJobs;
  }

  /** @throws `ledger-gone`, `too-many-ledgers`, `engine-config`, `engine-refused`, `engine-paused` */
  async open(job: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const entry = await this.#entry(job);
      if (entry?.value.state === "removed") throw gone(job);
      if (entry?.value.state === "open") {
        if ((await this.#link.streamInfo(this.#names.ledger(job, entry.value.generation))) !== undefined) return;
        // It was there and is not: somebody, or a disk, has taken it. What it held is computed again.
        this.forget(job);
        await this.#write(job, { job, state: "making", generation: entry.value.generation + 1 }, entry.seq);
      } else if (entry === undefined) {
        await this.#write(job, { job, state: "making", generation: await this.#firstGeneration(job) }, 0);
      } else {
        await this.#finish(job, entry);
      }
      await this.#pause(tries);
    }
  }

  /** @throws `engine-refused`, `engine-paused` */
  async remove(job: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const entry = await this.#entry(job);
      this.forget(job);
      if (entry === undefined) return;
      const { generation, state } = entry.value;
      // First its name is taken, then its stream goes: whoever finds no stream finds out why.
      if (state === "removed" || (await this.#write(job, { job, state: "removed", generation }, entry.seq, removedForDays * 86_400))) return this.#link.removeStream(this.#names.ledger(job, generation));
      await this.#pause(tries);
    }
  }

  /** The jobs that have a ledger. What a removal that was cut short has left is removed. @throws `engine-refused`, `engine-paused` */
  async jobs(): Promise<readonly string[]> {
    const streams = await this.#link.streamNames(this.#names.allLedgers);
    const jobs = await Promise.all(streams.map(async (stream) => {
      const entry = await this.#register.get<JobEntry>(this.#names.jobKeyOf(stream));
      if (entry === undefined) return (await this.#link.streamInfo(stream))?.config.metadata?.["shoal.job"];
      const { job, state, generation } = entry.value;
      if (state === "open" && generation === lastNumber(stream)) return job;
      if (state === "removed" || generation > lastNumber(stream)) await this.#link.removeStream(stream);
      return undefined;
    }));
    const there = jobs.filter((job) => job !== undefined);
    // Other gateways remove ledgers too: where they were need not be remembered for ever.
    for (const job of this.#places.keys()) if (!there.includes(job)) this.forget(job);
    return there;
  }

  /** Undefined: it has none. @throws `engine-refused`, `engine-paused` */
  async place(job: string): Promise<LedgerPlace | undefined> {
    const known = this.#places.get(job);
    if (known !== undefined) return known;
    const looking = this.#look(job);
    this.#places.set(job, looking);
    // Only what is there is remembered: the rest may be there in a moment.
    const drop = (): void => void (this.#places.get(job) === looking && this.#places.delete(job));
    looking.then((place) => place ?? drop(), drop);
    return looking;
  }

  /** Whether a stream to which nobody listens may still be the job's ledger. One question for all who ask at once; no answer is none. */
  async isThere(job: string, { stream }: LedgerPlace): Promise<boolean> {
    let asking = this.#asking.get(stream);
    if (asking === undefined) {
      asking = this.#hasStream(stream);
      this.#asking.set(stream, asking);
    }
    if (await asking) return true;
    this.forget(job);
    return false;
  }

  async #hasStream(stream: string): Promise<boolean> {
    try {
      await this.#link.jsm.streams.info(stream);
      return true;
    } catch (error) {
      if (apiCode(error) !== apiCodes.streamNotFound) return true;
      this.#link.answered();
      return false;
    } finally {
      this.#asking.delete(stream);
    }
  }

  forget(job: string): void {
    this.#places.delete(job);
  }

  async #look(job: string): Promise<LedgerPlace | undefined> {
    const entry = await this.#entry(job);
    if (entry?.value.state !== "open") return undefined;
    const { generation } = entry.value;
    const stream = this.#names.ledger(job, generation);
    // Somebody, or a disk, may have taken it: then there is none until the job is opened again.
    return (await this.#link.streamInfo(stream)) === undefined ? undefined : { stream, subjects: this.#names.ledgerSubjects(job, generation) };
  }

  #entry(job: string): Promise<Registered<JobEntry> | undefined> {
    return this.#register.get<JobEntry>(this.#names.jobKey(job));
  }

  /** Whether it was this one who wrote; else somebody did, or nobody, and one looks again. */
  async #write(job: string, entry: JobEntry, lastSeq: number, ttlSeconds?: number): Promise<boolean> {
    return typeof (await this.#register.set(this.#names.jobKey(job), entry, lastSeq, ttlSeconds)) === "number";
  }

  /** Several may do this at once, with the same result. */
  async #finish(job: string, entry: Registered<JobEntry>): Promise<void> {
    const { generation } = entry.value;
    const asked = ledgerStream(this.#names, job, generation, this.#replicas);
    // While servers are down there may be no place for so many replicas.
    await this.#link.makeStream(asked).catch((error: unknown) => {
      throw apiCode((error as Error).cause) === apiCodes.noSuitablePeers ? enginePaused(unreachable(this.#link.servers, error)) : error;
    });
    if (await this.#write(job, { job, state: "open", generation }, entry.seq)) return;
    const now = await this.#entry(job);
    if (now !== undefined && (now.value.state === "removed" || now.value.generation > generation)) await this.#link.removeStream(asked.name);
  }

  /** One, unless the register has lost what it knew: then the ledger that is there counts. */
  async #firstGeneration(job: string): Promise<number> {
    const there = await this.#link.streamNames(`${this.#names.ledgerSubjects(job)}.>`);
    if (there.length > 0) return Math.max(...there.map(lastNumber));
    const count = (await this.#link.streamNames(this.#names.allLedgers)).length;
    if (count < this.#maxJobs) return 1;
    throw new ShoalError("too-many-ledgers", `${count} jobs have a ledger, and no more than ${this.#maxJobs} may.`, {
      hint: "Wait until some have ended, remove what nobody wants any more, or raise maxJobs: each ledger is a stream of its own, which costs every server memory.",
      details: { ledgers: count, maxJobs: this.#maxJobs },
    });
  }

  async #pause(tries: number): Promise<void> {
    if (tries > 50) throw enginePaused(unreachable(this.#link.servers));
    this.#link.assertOpen();
    if (tries > 2) await this.#link.pause(20 * this.#link.random() * tries);
  }
}

function gone(job: string): ShoalError {
  return new ShoalError("ledger-gone", `The ledger of job ${job} was removed.`, { failure: "bug", hint: "Run it again, under another name." });
}
