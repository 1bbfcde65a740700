import { ShoalError } from "@shoal/core";
import { ArrivingBytes } from "../../connection/arriving-bytes.ts";
import { badMessage } from "../../connection/bad-message.ts";
import type { Channel } from "../../connection/channel.ts";
import type { BeatMessage, GatewayToWorker, WorkerToGateway } from "../../connection/messages.ts";
import { travellingError } from "../../connection/travelling-error.ts";
import type { AttemptId, LeasedTask, SchedulerEffect, WorkerJoined } from "../../scheduler/index.ts";
import { blockKey } from "../results/commit-record.ts";
import { failJob } from "../jobs/end-job.ts";
import { messagesOf } from "./tasks-of-messages.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { Admission } from "../invites/invite-book.ts";
import type { ResultIntake } from "../results/result-intake.ts";
import type { WorkerRecord } from "./worker-record.ts";

type LeaseEffect = Extract<SchedulerEffect, { kind: "lease" }>;

/** Sockets don't say when they have room. */
const pollMs = 5;

export interface WorkerLinkParts {
  readonly state: GatewayState;
  readonly intake: ResultIntake;
  readonly channel: Channel<GatewayToWorker, WorkerToGateway>;
  readonly record: WorkerRecord;
  readonly joined: WorkerJoined;
  readonly admission: Admission;
}

/** One worker's connection: what it says becomes events, what it is to do becomes messages. */
export class WorkerLink {
  readonly connection: string;
  readonly record: WorkerRecord;
  readonly admission: Admission;
  readonly joined: WorkerJoined;
  /** By the clock. */
  heardAt: number;
  isOpen = true;
  /** Attempts whose results are being checked. */
  readonly checking = new Map<number | string, AttemptId>();
  readonly #state: GatewayState;
  readonly #intake: ResultIntake;
  readonly #channel: Channel<GatewayToWorker, WorkerToGateway>;
  /** Jobs and segments that it was told of. */
  readonly #told = new Map<string, Set<number>>();
  /** Tasks whose rows it has still to be sent. */
  #unsent: LeasedTask[] = [];
  #isWaiting = false;
  readonly #over = new AbortController();
  #isPaused = false;
  #credit: number;
  readonly #arriving = new ArrivingBytes();

  constructor({ state, intake, channel, record, joined, admission }: WorkerLinkParts) {
    this.#state = state;
    this.#intake = intake;
    this.#channel = channel;
    this.record = record;
    this.joined = joined;
    this.connection = joined.connection;
    this.admission = admission;
    this.heardAt = state.clock.now();
    this.#credit = joined.credit;
  }

  /** A message that is on its way still, as a large result by a slow line, is life too, and beats wait behind it. Called about once a second. */
  mindBytes(): void {
    if (!this.#arriving.look(this.#channel)) return;
    this.heardAt = this.#state.clock.now();
    // Nothing is known of what it does meanwhile.
    this.#state.loop.tell({ kind: "beat", connection: this.connection, rows: 0, loading: true, loadedBytes: 0 });
  }

  receive(message: WorkerToGateway, payload: Uint8Array | undefined): void {
    if (!this.isOpen) return;
    const { connection } = this;
    const { loop } = this.#state;
    this.heardAt = this.#state.clock.now();
    switch (message.kind) {
      case "ready": {
        const { model, loadMs, credit, finishing } = message;
        this.#credit = credit ?? this.#credit;
        return loop.tell({ kind: "worker-ready", connection, ...(model === undefined ? {} : { model }), ...(loadMs === undefined ? {} : { loadMs }), ...(this.#isPaused ? {} : { credit: this.#credit }), finishing: this.#finishing(finishing) });
      }
      case "beat": return this.#beat(message);
      case "result": {
        this.#intake.take(this, message, payload ?? new Uint8Array());
        // Whoever answers has read, and may have room again before the next look.
        return this.#sendRows();
      }
      case "failed": {
        const { task, attempt, failure, error, row } = message;
        this.record.failed(error.message);
        this.#state.changed();
        return loop.tell({ kind: "failed", connection, task, attempt, failure, error, ...(row === undefined ? {} : { row }) });
      }
      case "draining": {
        this.record.draining = true;
        this.#state.changed();
        return loop.tell({ kind: "worker-draining", connection, finishing: this.#finishing(message.finishing) });
      }
      case "hello": return this.bye(badMessage("A second hello came on one connection.", { failure: "bug" }), false);
    }
  }

  /** What it finishes: what has been answered too, though it is still being checked. */
  #finishing(said: readonly number[] = []): readonly number[] {
    return [...said, ...[...this.checking.values()].map(({ number }) => number)];
  }

  #beat({ running, rows, state, loading, device, notice }: BeatMessage): void {
    const { loop } = this.#state;
    this.send({ kind: "heard" });
    if (running !== undefined && loading === undefined) this.#count(running, rows);
    // One that waits still has the device that it computed on.
    device ??= this.record.heard.device;
    this.record.heard = { state, ...(loading === undefined ? {} : { loading }), ...(device === undefined ? {} : { device }), ...(notice === undefined ? {} : { notice }) };
    this.#state.changed();
    const isPaused = state === "paused";
    if (isPaused !== this.#isPaused) {
      this.#isPaused = isPaused;
      loop.tell({ kind: "worker-ready", connection: this.connection, credit: isPaused ? 0 : this.#credit, finishing: this.#finishing(running === undefined ? [] : [running.number]) });
    }
    // While an answer of its is being checked it seems to be behind with it, and is not.
    const saysNothing = loading !== undefined || this.checking.size > 0;
    loop.tell({ kind: "beat", connection: this.connection, rows, ...(running === undefined ? {} : { running }), ...(saysNothing ? { loading: true } : {}), ...(loading !== undefined && this.checking.size === 0 ? { loadedBytes: this.#loadedBytes(running, loading.doneBytes) } : {}) });
  }

  /** No more than there are; 0 where nobody knows. */
  #loadedBytes(running: AttemptId | undefined, said: number): number {
    const task = running?.epoch === this.#state.loop.epoch ? this.record.leased(running.number) : undefined;
    const files = task && this.#state.jobs.get(task.job)?.description.segments[task.segment]?.model?.files;
    return Math.min(said, files?.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0);
  }

  /** Rows of blocks that are not done are done all the same. */
  #count({ epoch, number }: AttemptId, rows: number): void {
    const { loop, jobs, clock } = this.#state;
    const task = epoch === loop.epoch ? this.record.leased(number) : undefined;
    if (task === undefined || !(loop.state.connections.get(this.connection)?.attempts.has(number) ?? false)) return;
    const counted = Math.min(rows, task.rows);
    this.record.rate.progressed(clock.now(), number, counted);
    jobs.get(task.job)?.segments[task.segment]?.rate.progressed(clock.now(), blockKey(task), counted);
  }

  lease({ lease, leaseMs, duplicate, tasks }: LeaseEffect): void {
    const [first] = tasks;
    const job = first && this.#state.jobs.get(first.task.job);
    if (first === undefined || job === undefined) return;
    try {
      const offered = tasks.map(({ task, attempt, apart }) => {
        const rows = this.#state.inputs.rowsOf(task);
        if (rows === undefined) throw new ShoalError("block-not-held", `Block ${task.block} of segment ${task.segment} was to be leased, and its rows are not here.`, { failure: "bug", hint: "Report this, and run the job again: what is done is kept." });
        this.record.lease(attempt.number, task);
        const input = this.#state.inputs.get(task)?.input;
        return { task, attempt, bytes: rows.byteLength, ...(input === undefined ? {} : { input }), ...(apart === undefined ? {} : { apart }) };
      });
      this.#tell(first.task.job, first.task.segment);
      const now = this.#state.clock.now();
      this.record.rate.begin(now);
      job.segments[first.task.segment]?.rate.begin(now);
      for (const some of messagesOf(offered)) this.send({ kind: "lease", lease, leaseMs, duplicate, tasks: some });
      this.#unsent.push(...tasks);
      this.#sendRows();
    } catch (error) {
      failJob(this.#state, job, ShoalError.from(error).toData());
    }
  }

  /** What it must know of a segment before it gets the first task of it. */
  #tell(name: string, segment: number): void {
    const job = this.#state.jobs.get(name);
    const description = job?.description.segments[segment];
    let told = this.#told.get(name);
    if (told === undefined) this.#told.set(name, (told = new Set()));
    if (job === undefined || description === undefined || told.has(segment)) return;
    told.add(segment);
    this.send({ kind: "segment", job: name, segment, jobName: job.description.name, about: job.description.about, description });
  }

  /** As fast as it takes them: what waits here waits as a number and not as bytes. */
  #sendRows(): void {
    for (let next = this.#unsent[0]; next !== undefined && this.isOpen; next = this.#unsent[0]) {
      if (this.#channel.bufferedBytes > this.#state.settings.workerBufferedBytes) return this.#sendRowsLater();
      this.#unsent.shift();
      const rows = this.#state.inputs.rowsOf(next.task);
      // Committed meanwhile by another: then it is told that it need not.
      if (rows !== undefined) this.send({ kind: "block", task: next.task, attempt: next.attempt }, rows);
    }
  }

  #sendRowsLater(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#state.clock.sleep(pollMs, this.#over.signal).then(
      () => {
        this.#isWaiting = false;
        this.#sendRows();
      },
      () => {},
    );
  }

  revoke({ tasks, why }: Extract<SchedulerEffect, { kind: "revoke" }>): void {
    const numbers = new Set(tasks.map(({ attempt }) => attempt.number));
    this.#unsent = this.#unsent.filter(({ attempt }) => !numbers.has(attempt.number));
    for (const some of messagesOf(tasks)) this.send({ kind: "revoke", tasks: some, why });
  }

  jobEnded(job: string): void {
    if (!this.#told.delete(job)) return;
    this.#unsent = this.#unsent.filter(({ task }) => task.job !== job);
    this.send({ kind: "job-ended", job });
  }

  send(message: GatewayToWorker, payload?: Uint8Array): void {
    if (this.isOpen) this.#channel.send(message, payload);
  }

  /** Ends it, saying why. */
  bye(error: ShoalError, again: boolean): void {
    this.send({ kind: "bye", error: travellingError(error.toData()), again });
    this.close();
  }

  close(): void {
    if (!this.isOpen) return;
    this.ended();
    this.#channel.close();
  }

  /** Its channel is closed. */
  ended(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#over.abort();
    this.#unsent = [];
    this.#state.links.delete(this.connection);
    if (this.record.link === this) {
      this.record.link = undefined;
      this.record.draining = false;
    }
    this.#state.loop.tell({ kind: "connection-lost", connection: this.connection });
    this.#state.changed();
  }
}
