import { ShoalError, type Clock, type Logger } from "@shoal/core";
import { formatDuration } from "@shoal/executor";
import { checkTexts } from "./check-texts.ts";
import type { Cluster, ClusterJob, JobSettings } from "./cluster.ts";
import { DriverConnection, type DialGateway } from "./driver-connection.ts";
import { RunningJob } from "./running-job.ts";
import { SentFiles } from "./send-files.ts";
import type { BundlePredictor, FindModel } from "./travelling-file.ts";

export interface ClusterParts {
  /** Opens a connection as a driver. Errors of class `bug` are for good; after others it is tried again, ever more slowly. */
  readonly dial: DialGateway;
  /** The driver's own name, and the same when it comes again. */
  readonly name: string;
  /** What messages call the coordinator until it has said its name. */
  readonly label?: string;
  /** Of a link that lets in those who bring jobs. */
  readonly token?: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A connection on which nothing came for so long, while a job runs, is given up and made anew. Default one minute. */
  readonly silentMs?: number;
  readonly log: Logger;
  /** Which files of a model workers get from the coordinator. Without it they find models by themselves. */
  readonly modelFiles?: FindModel;
  /** Makes predictors of one's own travel. Without it they stay. */
  readonly bundle?: BundlePredictor;
}

/** A cluster that can be asked whether it is there. */
export interface ConnectedCluster extends Cluster {
  /**
   * Settles when the coordinator has let this driver in.
   * @throws why it can't be reached, or what it refuses with: `protocol-mismatch` …; the signal's reason
   */
  ready(patience?: Patience): Promise<void>;
}

/** With a coordinator that can't be reached at first. */
export interface Patience {
  /** For so long it is tried again, as where it is being started: the log is told. Default 0; half a minute where it was there and broke off. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** One that is there and doesn't let in is one that is just starting, or just ending. */
const brokenOffMs = 30_000;

/** A coordinator, by messages alone. The connection is there while a job runs, and is made anew when it is lost: jobs go on where they were. */
export function createCluster(parts: ClusterParts): ConnectedCluster {
  return new DrivenCluster(parts);
}

class DrivenCluster implements ConnectedCluster {
  readonly #parts: ClusterParts;
  readonly #connection: DriverConnection;
  readonly #jobs = new Map<string, RunningJob>();
  readonly #sentFiles = new SentFiles();
  #name: string | undefined;
  #keepsLedgers = false;
  #isDown = false;
  #closed = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const expectsNews = (): boolean => [...this.#jobs.values()].some((job) => job.expectsNews);
    this.#connection = new DriverConnection(parts, {
      get expectsNews() {
        return expectsNews();
      },
      up: (welcome) => {
        const before = this.#name;
        this.#name = welcome.name;
        this.#keepsLedgers = welcome.keepsLedgers === true;
        if (this.#isDown) this.#notice(before === undefined || before === welcome.name ? `Connected to ${this.name} again.` : `${before} is gone; going on at ${this.name}.`);
        this.#isDown = false;
        this.#sentFiles.forget();
        for (const job of this.#jobs.values()) job.up();
      },
      message: (message, payload) => {
        if (message.kind === "file-taken") return this.#sentFiles.taken();
        if ("job" in message) this.#jobs.get(message.job)?.receive(message, payload);
      },
      down: (error, retryMs) => {
        for (const job of this.#jobs.values()) job.down(retryMs);
        // Whoever waits for the first connection is told why there is none.
        if (this.#name === undefined && this.#jobs.size === 0) return;
        if (!this.#isDown) this.#notice(`${this.name} can't be reached (${error.toData().message}); what it has is kept, and it is tried again from now on, first in ${formatDuration(retryMs)}.`);
        this.#isDown = true;
      },
      refused: (error) => {
        for (const job of this.#jobs.values()) job.fail(error);
      },
    });
  }

  get name(): string {
    return this.#name ?? this.#parts.label ?? "the coordinator";
  }

  get takesCode(): boolean {
    return this.#parts.bundle !== undefined;
  }

  async ready({ patienceMs = 0, signal }: Patience = {}): Promise<void> {
    const { clock, log } = this.#parts;
    const began = clock.now();
    let patience = patienceMs;
    let isTold = false;
    const release = this.#connection.hold();
    try {
      for (;;) {
        try {
          return await this.#connection.connected(signal);
        } catch (thrown) {
          const error = ShoalError.from(thrown);
          if (error.code !== "unreachable") patience = Math.max(patience, brokenOffMs);
          if (signal?.aborted || this.#connection.refusal !== undefined || clock.now() - began >= patience) throw error;
          if (!isTold) log.info(`${error.toData().message} It is tried again for ${formatDuration(patience)}.`);
          isTold = true;
        }
      }
    } finally {
      release();
    }
  }

  async openJob(settings: JobSettings): Promise<ClusterJob> {
    if (this.#closed) throw this.#closedError();
    if (this.#connection.refusal !== undefined) throw this.#connection.refusal;
    settings.signal.throwIfAborted();
    checkTexts(settings);
    const { clock, modelFiles, bundle, random } = this.#parts;
    const job = settings.identity ?? freshName(random);
    this.#assertFree(job);
    const running = new RunningJob(job, settings, {
      clock, connection: this.#connection, takesCode: this.takesCode, modelFiles, bundle, sentFiles: this.#sentFiles,
      keeper: () => (this.#keepsLedgers ? this.name : undefined),
      onRenamed: (from) => {
        this.#assertFree(running.job);
        this.#jobs.delete(from);
        this.#jobs.set(running.job, running);
      },
      onOver: () => void this.#jobs.delete(running.job),
    });
    this.#jobs.set(job, running);
    return running;
  }

  #assertFree(job: string): void {
    if (this.#jobs.has(job)) throw new ShoalError("job-runs-already", `The job ${job} runs already, by this very process.`, { failure: "bug", hint: "Await the first run before the second begins." });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const job of this.#jobs.values()) job.fail(this.#closedError());
  }

  #closedError(): ShoalError {
    return new ShoalError("cluster-closed", `The connection to ${this.name} was closed.`, { failure: "bug", hint: "Connect again, and close the connection when the run is over: await using cluster = await connect(link)." });
  }

  #notice(message: string): void {
    this.#parts.log.info(message);
    for (const job of this.#jobs.values()) job.notice(message);
  }
}

/** 128 bits, as hex digits. */
function freshName(random: () => number): string {
  return Array.from({ length: 16 }, () => Math.floor(random() * 256).toString(16).padStart(2, "0")).join("");
}
