import { ShoalError } from "@shoal/core";
import { badMessage } from "../../connection/bad-message.ts";
import type { Channel } from "../../connection/channel.ts";
import type { DriverToGateway, FileMessage, GatewayToDriver, JobDescription, OfferMessage } from "../../connection/messages.ts";
import { travellingError } from "../../connection/travelling-error.ts";
import { arrivedOf, declaredBytes } from "./model-files.ts";
import type { AskGate } from "./ask-gate.ts";
import { blocksBefore } from "./blocks-before.ts";
import type { BlobCollection } from "../blob-collection.ts";
import type { Claims } from "../elsewhere/claims.ts";
import { Deliveries, inputChanged } from "./deliveries.ts";
import { endJob, failJob, pauseJob, resumeJob } from "./end-job.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { InputNames } from "./input-names.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { TaskId } from "../../scheduler/index.ts";
import type { Admission } from "../invites/invite-book.ts";
import type { JobDesk } from "./job-desk.ts";

/** What a driver's connection works with. */
export interface DriverLinkParts {
  readonly desk: JobDesk;
  readonly asks: AskGate;
  readonly collection: BlobCollection;
  readonly claims: Claims;
  readonly names: InputNames;
  /** Who elsewhere has a block already. */
  readonly heldBy: (job: GatewayJob, block: Omit<TaskId, "job">, input: string) => { readonly heldBy?: string };
}

/** Who has come in. */
export interface DriverEntry {
  readonly channel: Channel<GatewayToDriver, DriverToGateway>;
  readonly connection: string;
  readonly name: string;
  readonly admission: Admission;
}

/** A message that waits until those before it are dealt with. */
interface Said {
  readonly message: DriverToGateway;
  payload: Uint8Array | undefined;
  readonly bytes: number;
}

/** One driver's connection. What it says is heard in order, each message when the one before is dealt with. */
export class DriverLink {
  readonly connection: string;
  readonly name: string;
  readonly admission: Admission;
  readonly deliveries: Deliveries;
  isOpen = true;
  /** It was told to go: nothing that it says counts any more. */
  #isRefused = false;
  readonly #state: GatewayState;
  readonly #parts: DriverLinkParts;
  readonly #channel: Channel<GatewayToDriver, DriverToGateway>;
  readonly #jobs = new Set<GatewayJob>();
  #heard: Promise<void> = Promise.resolve();
  #isHearing = false;
  /** What is not dealt with. */
  readonly #unheard = new Set<Said>();
  #unheardBytes = 0;

  constructor(state: GatewayState, parts: DriverLinkParts, { channel, connection, name, admission }: DriverEntry) {
    this.#state = state;
    this.#parts = parts;
    this.#channel = channel;
    this.connection = connection;
    this.name = name;
    this.admission = admission;
    this.deliveries = new Deliveries(state, channel, () => this.isOpen);
  }

  receive(message: DriverToGateway, payload: Uint8Array | undefined): void {
    if (this.#isRefused) return;
    const said: Said = { message, payload, bytes: bytesOf(message, payload) };
    this.#unheard.add(said);
    this.#unheardBytes += said.bytes;
    if (this.#unheardBytes > this.#state.settings.unheardBytes) return this.bye(tooFast(), true);
    if (!this.#isHearing) this.#heard = this.#hearAll();
  }

  /** Most of what comes is offers, and mostly nothing of one has to be waited for: then it is dealt with at once. */
  async #hearAll(): Promise<void> {
    this.#isHearing = true;
    // What comes meanwhile comes last.
    for (const said of this.#unheard) {
      try {
        // What was said before the channel was closed counts: that the job is over, mostly.
        const waiting = this.#isRefused ? undefined : this.#hear(said.message, said.payload);
        if (waiting !== undefined) await waiting;
      } catch (error) {
        this.#failed(error);
      }
      this.#unheard.delete(said);
      this.#unheardBytes -= said.bytes;
    }
    this.#isHearing = false;
  }

  /** What was not asked for is refused before it is hashed. */
  #hearOffer(message: OfferMessage, payload: Uint8Array = new Uint8Array()): Promise<void> | undefined {
    const job = this.#job(message.job);
    if (job === undefined || !this.#mayOffer(job, message)) return undefined;
    const input = this.#parts.names.of(job, { place: message, rows: message.rows, payload });
    if (typeof input !== "string") return input.then((named) => this.#offered(job, message, payload, named));
    this.#offered(job, message, payload, input);
    return undefined;
  }

  #failed(error: unknown): void {
    if (this.isOpen && !this.#state.signal.aborted) this.bye(ShoalError.from(error), false);
  }

  /** Undefined: it is dealt with. */
  #hear(message: DriverToGateway, payload: Uint8Array | undefined): Promise<void> | undefined {
    switch (message.kind) {
      case "submit": return this.#submit(message.description);
      case "file": return this.#file(message, payload);
      case "offer": return this.#hearOffer(message, payload);
      case "input-ended": {
        const { job, segment, blocks } = message;
        const known = this.#job(job)?.segments[segment];
        if (known === undefined) return undefined;
        known.total = blocks;
        this.#state.loop.tell({ kind: "input-ended", job, segment, blocks });
        return undefined;
      }
      case "cancel": {
        const job = this.#state.jobs.get(message.job);
        if (job?.driver !== this) return undefined;
        if (message.again === true) {
          this.#putAside(job);
          return undefined;
        }
        this.#leave(job, "cancelled");
        return message.forget === true ? this.#forget(message.job) : undefined;
      }
      case "published": return this.#published(message.job);
      case "hello": throw badMessage("A second hello came on one connection.", { failure: "bug" });
    }
  }

  async #submit(description: JobDescription): Promise<void> {
    const { desk, asks } = this.#parts;
    try {
      const job = await desk.submit(description, this);
      this.#jobs.add(job);
      const before = blocksBefore(this.#state, job);
      const missing = [...job.missingFiles];
      const arrived = missing.length === 0 ? undefined : await arrivedOf(this.#state, missing);
      this.send({ kind: "accepted", job: job.name, committedBlocks: desk.committedBlocks(job), missing, ...(arrived !== undefined && { arrived }), ...(before !== undefined && { before }) });
      asks.ask();
    } catch (error) {
      if (this.#state.signal.aborted) throw error;
      // Another gateway has it, or will: this driver finds it by coming again.
      if (ShoalError.is(error, "gateway-deposed") || ShoalError.is(error, "engine-paused")) return this.bye(error, true);
      this.#state.refusals.count(ShoalError.from(error).code);
      this.send({ kind: "job-failed", job: description.job, error: travellingError(ShoalError.from(error).toData()) });
    }
  }

  async #file({ sha256, offset, last }: FileMessage, payload: Uint8Array | undefined): Promise<void> {
    const { files } = this.#state;
    const waiting = [...this.#jobs].filter(({ missingFiles }) => missingFiles.has(sha256));
    if (waiting.length === 0 || files === undefined) throw new ShoalError("unexpected-file", `File ${sha256} was not asked for.`, { failure: "bug", hint: "Update the older side, so that both run the same version." });
    const bytes = payload ?? new Uint8Array();
    const declared = Math.max(...waiting.map(({ description }) => declaredBytes(description, sha256)));
    if (offset + bytes.byteLength > declared) throw new ShoalError("file-too-large", `File ${sha256} was declared to have ${declared} bytes, and has more.`, { failure: "bug", hint: "Submit the job again; if its model's files are changing, wait until they are whole." });
    await files.put(sha256, offset, bytes, last);
    this.send({ kind: "file-taken", sha256 });
    if (!last) return;
    for (const job of waiting) job.missingFiles.delete(sha256);
    this.#parts.asks.ask();
  }

  #mayOffer({ segments }: GatewayJob, { segment, block }: OfferMessage): boolean {
    const known = segments[segment];
    if (known === undefined) return false;
    if (known.mayOffer === 0) throw new ShoalError("unexpected-block", `Block ${block} of segment ${segment} was offered, and no more were asked for.`, { failure: "bug", hint: "Update the older side, so that both run the same version." });
    known.mayOffer--;
    return true;
  }

  #offered(job: GatewayJob, { job: name, segment, block, rows, taken, expectedRows, isEstimate = false }: OfferMessage, payload: Uint8Array, input: string): void {
    // While its rows were named, it may have come to its end, or to another connection.
    if (this.#job(name) !== job) return;
    const { inputs, loop, passing } = this.#state;
    if (taken !== undefined) passing.taken(job, segment, taken);
    const counted = job.segments[segment];
    if (counted !== undefined && expectedRows !== undefined) counted.expected = { rows: expectedRows, isEstimate };
    const place = { job: name, segment, block };
    const held = inputs.get(place);
    if (held !== undefined && held.input !== input) return failJob(this.#state, job, inputChanged({ job, segment, block, rows, input }).toData());
    inputs.hold(place, { rows, input, payload, offeredBy: this.connection });
    loop.tell({ kind: "block-offered", job: name, segment, block, rows, bytes: payload.byteLength, ...this.#parts.heldBy(job, { segment, block, first: 0, rows }, input) });
    this.#parts.claims.offered(job, place, input);
  }

  async #published(name: string): Promise<void> {
    const job = this.#state.jobs.get(name);
    // A job whose driver is away is nobody else's to end; nor is the ledger of one that was not brought here.
    if (job === undefined ? !this.admission.trusted : job.driver !== this) return;
    if (job !== undefined) this.#leave(job, "done");
    await this.#forget(name);
  }

  /** What is kept of a job that is needed no more. */
  async #forget(name: string): Promise<void> {
    await this.#parts.desk.remove(name);
    this.#parts.collection.soon();
  }

  /** What its driver has enough of, or wants no more. */
  #leave(job: GatewayJob, how: "done" | "cancelled"): void {
    this.#jobs.delete(job);
    job.driver = undefined;
    if (!job.isOver) this.#state.loop.tell({ kind: "job-cancelled", job: job.name });
    endJob(this.#state, job, how);
    this.#state.inputs.forget(job.name);
  }

  /** It may be brought again: nothing more of it is given out, and what is under way still counts. */
  #putAside(job: GatewayJob): void {
    this.#jobs.delete(job);
    job.driver = undefined;
    job.driverLostAt = this.#state.clock.now();
    if (!job.isOver) pauseJob(this.#state, job, "driver");
  }

  /** One of its own that runs. */
  #job(name: string): GatewayJob | undefined {
    const job = this.#state.jobs.get(name);
    return job !== undefined && job.driver === this && !job.isOver ? job : undefined;
  }

  /** It has shown that its name is its own. */
  get isProven(): boolean {
    return this.admission.trusted || this.admission.byKey;
  }

  /** Whether this is that one come again, whose connection is lost though nobody was told. */
  comesAfter(other: DriverLink): boolean {
    return this.name === other.name && this.isProven;
  }

  /** A later connection of the driver has brought the job. */
  replaced(job: GatewayJob): void {
    this.#jobs.delete(job);
    if (this.#jobs.size > 0) return this.send({ kind: "job-failed", job: job.name, error: travellingError(broughtElsewhere(job.name).toData()) });
    this.bye(broughtElsewhere(job.name), false);
  }

  send(message: GatewayToDriver, payload?: Uint8Array): void {
    if (this.isOpen) this.#channel.send(message, payload);
  }

  bye(error: ShoalError, again: boolean): void {
    if (error.failure === "bug") this.#state.refusals.count(error.code);
    this.send({ kind: "bye", error: travellingError(error.toData()), again });
    if (!this.isOpen) return;
    this.#isRefused = true;
    // They wait behind one that may take long.
    for (const said of this.#unheard) said.payload = undefined;
    this.ended();
    this.#channel.close();
  }

  /** Its channel is closed: its jobs go on for a while, when all is heard that it has said. */
  ended(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#heard = this.#heard.then(() => this.#gone());
  }

  #gone(): void {
    for (const job of this.#jobs) {
      if (job.driver !== this) continue;
      job.driver = undefined;
      job.driverLostAt = this.#state.clock.now();
    }
    this.#jobs.clear();
    this.#state.changed();
  }

  /** The job is led by this gateway no more: it is to look for another one, with all that it has. */
  lost(job: GatewayJob, error: ShoalError): void {
    this.#jobs.delete(job);
    this.bye(error, true);
  }

  /** A job of its is asked for again. */
  took(job: GatewayJob): void {
    job.driver = this;
    job.driverLostAt = undefined;
    resumeJob(this.#state, job, "driver");
  }
}

/** About what it takes to keep it. */
function bytesOf(message: DriverToGateway, payload: Uint8Array | undefined): number {
  return (payload?.byteLength ?? 0) + (message.kind === "submit" ? JSON.stringify(message.description).length : 512);
}

function tooFast(): ShoalError {
  return new ShoalError("coordinator-busy", "This driver sends more than the coordinator can take in.", { hint: "Connect again in a while: a model is on a slow disk, or the coordinator waits for its engine." });
}

function broughtElsewhere(job: string): ShoalError {
  return new ShoalError("job-taken", `Job ${job} was brought again by another connection of this driver.`, { hint: "If that was not meant, give this run a name of its own.", failure: "bug" });
}
