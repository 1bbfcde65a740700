import type { ConcreteDevice, ErrorData, FailureClass } from "@shoal/core";

/**
 * A segment over a block, or over some of its rows once it was split. `block` is its place in the order in which the driver cuts the
 * segment's input, and the same after a restart; which rows of which file it holds (its lineage) is the driver's and the ledger's to know.
 */
export interface TaskId {
  readonly job: string;
  readonly segment: number;
  readonly block: number;
  /** Rows `first` … `first + rows` of the block. */
  readonly first: number;
  readonly rows: number;
}

/** One try at a task. `epoch` counts the scheduler's lives, `number` the attempts of one. */
export interface AttemptId {
  readonly epoch: number;
  readonly number: number;
}

/** What a machine must have to run a segment. */
export interface SegmentNeeds {
  /** Any of these will do; none listed: every worker does. */
  readonly devices: readonly ConcreteDevice[];
  /** Memory of the device, in bytes; 0 where unknown. */
  readonly memoryBytes: number;
  /** Of one actor. */
  readonly cpus?: number;
  readonly gpus?: number;
  /** Only for workers that run code which comes with a job. */
  readonly runsCode?: boolean;
  /** Its rows are not for volunteers. */
  readonly trusted?: boolean;
  /** What is loaded before the first block. `loadMs` is a guess, replaced by what loading is seen to take. */
  readonly model?: { readonly hash: string; readonly loadMs: number };
}

export interface SegmentSpec {
  readonly needs: SegmentNeeds;
  /** Rows may be run apart, so that a guilty one can be found. Otherwise a failing block is given up whole. */
  readonly divisible: boolean;
  /** Its rows are wanted in the order of its blocks: what is done behind one that is not waits. */
  readonly inOrder?: boolean;
  /** How many blocks there will be, where the source knows: the end is then planned from the start. */
  readonly expectedBlocks?: number;
}

export interface JobSpec {
  readonly job: string;
  /** Of several jobs, those with the highest priority get workers first. */
  readonly priority: number;
  /** Jobs of one priority get time of workers in proportion to this. */
  readonly weight: number;
  readonly segments: readonly SegmentSpec[];
  /** It is led elsewhere: done here is what was lent, and no more is asked for. It ends when whoever runs this scheduler says so. */
  readonly borrowed?: boolean;
}

/** What the ledger holds for a task, once and for all: whichever entry comes first, wins. */
export type TaskEntry =
  | { readonly kind: "result"; readonly attempt: AttemptId; readonly worker: string }
  /** From now on its parts are tasks of their own; each number is the first row of one. */
  | { readonly kind: "split"; readonly at: readonly number[] }
  | { readonly kind: "quarantine"; readonly error: ErrorData };

/** What happens to a scheduler. Everything it knows comes by one of these; each may come late, twice, or never. */
export type SchedulerEvent =
  // From a driver. All three may be repeated after its restart.
  | { readonly kind: "job-submitted"; readonly spec: JobSpec }
  | { readonly kind: "block-offered"; readonly job: string; readonly segment: number; readonly block: number; readonly rows: number; readonly bytes: number;
      /** The stand-in (its connection) for which somebody elsewhere is known to have the whole block already: nobody else begins it then. */
      readonly heldBy?: string }
  | { readonly kind: "input-ended"; readonly job: string; readonly segment: number; readonly blocks: number }
  | { readonly kind: "job-cancelled"; readonly job: string }
  /** Nothing more of it is leased until it is resumed; results are as welcome as ever. */
  | { readonly kind: "job-paused" | "job-resumed"; readonly job: string }
  // From the gateway that leads a job, for one that is lent.
  | { readonly kind: "task-borrowed"; readonly task: TaskId; readonly blockRows: number; readonly bytes: number }
  /** It is to be done here no more. */
  | { readonly kind: "task-withdrawn"; readonly task: TaskId }
  // From a worker, by its connection.
  | WorkerJoined
  /** It has loaded a model, or can hold another number of leases. None: it begins nothing for now, and what it had is offered again but for the attempts that it finishes. */
  | { readonly kind: "worker-ready"; readonly connection: string; readonly model?: string; readonly loadMs?: number; readonly credit?: number; readonly finishing?: readonly number[] }
  | WorkerBeat
  /** A result that the gateway has checked; from an earlier epoch: one that the worker still held. */
  | { readonly kind: "result"; readonly connection: string; readonly task: TaskId; readonly attempt: AttemptId }
  | TaskFailed
  /** It wants no more, and gives back what it has but for the attempts that it finishes. */
  | { readonly kind: "worker-draining"; readonly connection: string; readonly finishing: readonly number[] }
  | { readonly kind: "connection-lost"; readonly connection: string }
  // From the ledger, by the engine.
  /** Of what this scheduler did not commit: read back at the start, or heard of later, as another gateway wrote it. */
  | { readonly kind: "ledger-replayed"; readonly task: TaskId; readonly entry: TaskEntry }
  | { readonly kind: "commit-won"; readonly task: TaskId }
  | { readonly kind: "commit-lost"; readonly task: TaskId; readonly winner: TaskEntry }
  /** No answer, or an error: it may be in the ledger or not. */
  | { readonly kind: "commit-unknown"; readonly task: TaskId }
  /** Nothing was written: the result could not be had from the worker that held it. `only`: it alone is refused, and results that others hold of the task stand. */
  | { readonly kind: "commit-abandoned"; readonly task: TaskId; readonly only?: { readonly worker: string; readonly attempt: AttemptId } }
  /** The time that was asked for has come. */
  | { readonly kind: "tick" };

export interface WorkerJoined {
  readonly kind: "worker-joined";
  readonly worker: string;
  readonly connection: string;
  /** A tab is beaten by its browser's timers: its silence is borne longer, its leases are shorter. */
  readonly host: "machine" | "tab";
  readonly devices: readonly ConcreteDevice[];
  readonly memoryBytes: number;
  /** Default: enough for anything. */
  readonly cpus?: number;
  readonly gpus?: number;
  readonly runsCode?: boolean;
  /** A stranger: gets nothing of a segment that is only for the trusted. */
  readonly volunteer?: boolean;
  /** Hashes of models that it has, loaded or in its cache. */
  readonly models: readonly string[];
  /** Leases that it can hold at once: two, so that one is fetched while the other is computed. */
  readonly credit: number;
  /**
   * It stands for many machines elsewhere, which compute beside each other: `credit` counts tasks, and is what it holds and would take. It gets only what workers here don't begin
   * soon. Its answers come by the ledger, and it is for whoever speaks for it to say which of its tasks are lost.
   */
  readonly standsIn?: boolean;
}

export interface WorkerBeat {
  readonly kind: "beat";
  readonly connection: string;
  /** The attempt that is being computed. Attempts are computed in the order of their leases. */
  readonly running?: AttemptId;
  /** Rows of it that are done. */
  readonly rows: number;
  /** It loads a model, or what it does can't be known: nothing is concluded from standing still. */
  readonly loading?: boolean;
  /** Of that model, that are there. Given, nothing is concluded only for as long as a slow load takes. */
  readonly loadedBytes?: number;
}

export interface TaskFailed {
  readonly kind: "failed";
  readonly connection: string;
  readonly task: TaskId;
  readonly attempt: AttemptId;
  readonly failure: FailureClass;
  readonly error: ErrorData;
  /** The guilty row, counted from the start of the task, where the worker knows it. */
  readonly row?: number;
  /** It answered with what is no result. That says something of the worker, and nothing of the rows: anybody can do so, under as many names as they like. */
  readonly badResult?: boolean;
  /** It answered, for some rows with failures that another has to see too before they count. Nobody's fault yet. */
  readonly unconfirmed?: boolean;
}
