import { ShoalError } from "@shoal/core";
import { plural, type KeptElsewhere, type OpenPool, type RemotePools } from "@shoal/executor";
import { travel, type ActorPoolStage, type TravellingSegment } from "@shoal/planner";
import { connectionLost } from "../connection/hold-connection.ts";
import type { AcceptedMessage, GatewayToDriver } from "../connection/messages.ts";
import type { ClusterJob, JobSettings } from "./cluster.ts";
import { DoneBefore } from "./done-before.ts";
import { describeJob, type DescribedJob, type DescribeParts } from "./describe-job.ts";
import type { DriverConnection } from "./driver-connection.ts";
import { RemotePool, type PoolJob } from "./remote-pool.ts";
import { sendFiles, type SentFiles } from "./send-files.ts";
import { VainSending } from "./vain-sending.ts";

export interface RunningJobParts extends DescribeParts {
  readonly connection: DriverConnection;
  readonly takesCode: boolean;
  readonly sentFiles: SentFiles;
  /** Who keeps what is done, beyond its own process; undefined: nobody. */
  readonly keeper: () => string | undefined;
  /** It goes by another name from now on. @throws `job-runs-already` */
  readonly onRenamed: (from: string) => void;
  /** It is over: nothing more is to be told to it. */
  readonly onOver: (job: RunningJob) => void;
}

/** How long a job whose output is published waits for a lost connection, to say so. */
const lastWordMs = 5_000;

/** One run's job: its stages as pools, and all that the gateway says about it. */
export class RunningJob implements ClusterJob {
  #job: string;
  readonly pools: RemotePools = (plan) => this.#open(travel(plan, { code: this.#parts.takesCode }).segments);
  readonly #settings: JobSettings;
  readonly #parts: RunningJobParts;
  readonly #release: () => void;
  readonly #ended = new AbortController();
  #travelling: readonly TravellingSegment[] = [];
  /** By segment; there once the executor has opened it. */
  readonly #pools: (RemotePool | undefined)[] = [];
  readonly #openPools = new Set<RemotePool>();
  #described: Promise<DescribedJob> | undefined;
  #submission: DescribedJob | undefined;
  /** Files are on their way, on this connection. */
  #sending: AbortController | undefined;
  #toldCommitted = false;
  readonly #vain = new VainSending();
  #before: readonly DoneBefore[] = [];
  /** The run can be continued by another, under this name. */
  #isNamed: boolean;
  /** An earlier run had the name. */
  #isContinued = false;
  #blocksDone = 0;
  #isPartial = false;
  #over = false;
  #accepting = false;
  /** When the connection, which is lost, is tried again. */
  #reconnectAt: number | undefined;
  #failure: unknown;

  constructor(job: string, settings: JobSettings, parts: RunningJobParts) {
    this.#job = job;
    this.#settings = settings;
    this.#parts = parts;
    this.#isNamed = settings.identity !== undefined;
    this.#release = parts.connection.hold();
  }

  get job(): string {
    return this.#job;
  }

  get kept(): KeptElsewhere | undefined {
    const by = this.#parts.keeper();
    // Who has named it has also seen to what becomes of it.
    if (by === undefined || this.#settings.identity !== undefined) return undefined;
    const hasDone = (): boolean => this.#isNamed && (this.#isContinued || this.#blocksDone > 0);
    return {
      by,
      // It has a name of its own already, and nobody writes that down.
      goesOnHere: async () => void (this.#isPartial = true),
      named: {
        fresh: this.#job,
        get hasDone() {
          return hasDone();
        },
        use: (name, again) => this.#use(name, again),
      },
    };
  }

  async published(): Promise<void> {
    if (this.#over) return;
    const { connection, clock } = this.#parts;
    if (this.#submission !== undefined) {
      // A coordinator that hears nothing of it keeps the job for a week: worth a moment, and no more.
      if (connection.channel === undefined) await Promise.race([connection.connected(), clock.sleep(lastWordMs, this.#ended.signal)]).catch(() => {});
      connection.send({ kind: "published", job: this.job });
    }
    this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
  }

  // --- what the connection brings ---

  /** A connection stands, perhaps to a gateway that has never heard of this job. */
  up(): void {
    this.#reconnectAt = undefined;
    if (this.#submission !== undefined) this.#parts.connection.send({ kind: "submit", description: this.#submission.description });
  }

  /** It can't be had, and is tried again in `retryMs`. */
  down(retryMs: number): void {
    this.#accepting = false;
    this.#reconnectAt = this.#parts.clock.now() + retryMs;
    this.#sending?.abort(connectionLost());
    for (const pool of this.#pools) pool?.detach();
  }

  receive(message: Extract<GatewayToDriver, { readonly job: string }>, payload: Uint8Array | undefined): void {
    if (this.#over) return;
    try {
      switch (message.kind) {
        case "accepted": return void this.#accepted(message).catch((error: unknown) => this.fail(error));
        case "job-failed": return this.fail(ShoalError.fromData(message.error));
        case "ask": return this.#pools[message.segment]?.takeAsk(message);
        case "part": return this.#pools[message.segment]?.takePart(message, payload);
        case "block-done":
          this.#blocksDone++;
          return this.#pools[message.segment]?.takeDone(message);
        case "fleet": return this.#pools[message.segment]?.takeFleet(message);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** The gateway has taken it, and tells every second how its workers stand. */
  get expectsNews(): boolean {
    return this.#accepting;
  }

  notice(message: string): void {
    this.#settings.onNotice(message);
  }

  /** It can't go on, here or there. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = error;
    for (const pool of this.#pools) pool?.fail(error);
    this.#cancel();
  }

  // --- inside ---

  #use(name: string, again: boolean): void {
    const before = this.#job;
    this.#job = name;
    [this.#isNamed, this.#isContinued] = [true, again];
    if (name !== before) this.#parts.onRenamed(before);
  }

  #open(travelling: readonly TravellingSegment[]): ReadonlyMap<ActorPoolStage, OpenPool> {
    if (this.#travelling.length > 0) throw new ShoalError("already-consumed", "This job has a run already.", { failure: "bug", hint: "Open a job for each run." });
    this.#travelling = travelling;
    const { connection, clock } = this.#parts;
    const name = (): string => this.#job;
    const reconnectMs = (): number | undefined => (this.#reconnectAt === undefined ? undefined : Math.max(0, this.#reconnectAt - clock.now()));
    const tellsTaken = (): boolean => this.#submission?.description.passing === true && this.#parts.keeper() === undefined;
    const poolJob: PoolJob = {
      get job() {
        return name();
      },
      get reconnectMs() {
        return reconnectMs();
      },
      clock,
      before: (segment) => this.#before[segment],
      get tellsTaken() {
        return tellsTaken();
      },
      started: () => this.#submit(),
      send: (message, payload) => (this.#over ? undefined : connection.send(message, payload)),
      room: (signal) => connection.room(signal),
      closed: (pool) => this.#closed(pool),
    };
    return new Map(travelling.map(({ stage }, segment): [ActorPoolStage, OpenPool] => [stage, (run) => {
      const pool = new RemotePool(stage, segment, poolJob, run);
      this.#pools[segment] = pool;
      this.#openPools.add(pool);
      return pool;
    }]));
  }

  #submit(): void {
    // It may have ended before its run began.
    if (this.#over) return this.#pools.forEach((pool) => pool?.fail(this.#failure ?? takenBack()));
    if (this.#described !== undefined) return;
    this.#described = describeJob(this.job, { ...this.#settings, isNamed: this.#isNamed, isPartial: this.#isPartial }, this.#travelling, this.#parts);
    this.#described.then((described) => {
      if (this.#over) return;
      this.#submission = described;
      this.up();
    }, (error: unknown) => this.fail(error));
  }

  async #accepted({ committedBlocks, missing, arrived, before = [] }: AcceptedMessage): Promise<void> {
    if (this.#submission === undefined) return;
    this.#accepting = true;
    // What is done when the gateway is asked again, this run has done, or it was told of it the first time.
    if (!this.#toldCommitted) {
      this.#before = before.map((blocks) => new DoneBefore(blocks));
      this.#tellCommitted(committedBlocks, before.at(-1)?.rows);
    }
    this.#toldCommitted = true;
    const vain = this.#vain.look(missing.length, arrived?.reduce((sum, [, bytes]) => sum + bytes, 0));
    if (vain !== undefined) this.notice(`${vain}.`);
    if (missing.length > 0 && !(await this.#sendFiles(missing, new Map(arrived)))) return;
    for (const pool of this.#pools) pool?.attach();
  }

  #tellCommitted(blocks: number, rows = 0): void {
    const { name, resume } = this.#settings;
    if (blocks > 0) this.notice(`${rows > 0 ? plural(rows, "row") : plural(blocks, "block")} of "${name}" ${(rows || blocks) === 1 ? "was" : "were"} done before: they are not run again.`);
    else if (resume === true && this.#settings.identity !== undefined) this.notice(`There is nothing to resume for "${name}" with these steps: this run starts at the first row.`);
    else if (this.#isContinued) this.notice(`${this.#parts.keeper() ?? "The coordinator"} has nothing of "${name}" from before: all of it is run. Was it with another coordinator, or longer ago than a week?`);
  }

  /** False where the connection was lost meanwhile: the next one begins anew. */
  async #sendFiles(missing: readonly string[], arrived: ReadonlyMap<string, number>): Promise<boolean> {
    const { connection, sentFiles } = this.#parts;
    const { files } = this.#submission as DescribedJob;
    const sending = (this.#sending = new AbortController());
    try {
      const wanted = missing.flatMap((sha256) => files.get(sha256) ?? []);
      await sendFiles(wanted, { arrived, send: (message, payload) => connection.send(message, payload), room: (signal) => connection.room(signal), sent: sentFiles, signal: AbortSignal.any([sending.signal, this.#ended.signal]) });
      return !sending.signal.aborted && !this.#over;
    } catch (error) {
      if (sending.signal.aborted || this.#over) return false;
      throw error;
    }
  }

  /** The executor needs the pool no more. The last one takes the job with it, unless all of it is done. */
  #closed(pool: RemotePool): void {
    this.#openPools.delete(pool);
    if (this.#openPools.size === 0 && !this.#pools.every((each) => each === undefined || each.finished)) this.#cancel();
  }

  #cancel(): void {
    if (this.#over) return;
    // A job without an identity is one that nobody can continue.
    const isContinuable = this.#settings.identity !== undefined || this.kept?.named?.hasDone === true;
    if (this.#submission !== undefined) this.#parts.connection.send({ kind: "cancel", job: this.job, ...(isContinuable ? { again: true } : { forget: true }) });
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#ended.abort();
    this.#parts.onOver(this);
    this.#release();
  }
}

function takenBack(): ShoalError {
  return new ShoalError("aborted", "The job was taken back before its run began.", { failure: "aborted" });
}
