import type { ConcreteDevice, ErrorData, FailureClass, RowFailure } from "@shoal/core";
import type { SegmentPlan } from "@shoal/planner";
import type { AttemptId, TaskId } from "../scheduler/index.ts";

/** Goes up with every change that an older side would misread. */
export const protocolVersion = 2;

/** What a link allows. `submit`: to bring a job. `work`: to compute. `observe`: to look. */
export type Scope = "submit" | "work" | "observe";

// --- who is there ---

/** The first message of every connection. */
export interface Hello {
  readonly kind: "hello";
  readonly protocol: number;
  readonly role: "worker" | "driver";
  /** An invite's token; or the key that an earlier `welcome` gave, which is bound to `name`. */
  readonly token?: string;
  readonly key?: string;
  /** The worker's own, and the same when it comes again. */
  readonly name: string;
  readonly worker?: WorkerTraits;
}

/** What a machine or a tab is. */
export interface WorkerTraits {
  /** For people, as in "Anna's laptop". */
  readonly label: string;
  readonly host: "machine" | "tab";
  /** As in `node 20.20.0` or `Chromium 140`. */
  readonly runtime: string;
  /** In the order in which it would use them. */
  readonly devices: readonly ConcreteDevice[];
  readonly cpus: number;
  readonly gpus: number;
  readonly memoryBytes: number;
  /** Hashes of the models that it has. */
  readonly models: readonly string[];
  /** It runs predictors that come as code. Never true of a tab. */
  readonly runsCode: boolean;
}

/** The connection is taken. */
export interface Welcome {
  readonly kind: "welcome";
  readonly protocol: number;
  /** For coming again without the invite. */
  readonly key: string;
  /** Of the coordinator, for people. */
  readonly name: string;
  /** A worker says something at least this often. */
  readonly beatMs: number;
  /** What is committed outlives the coordinator's process, so that a driver need not keep it too. */
  readonly keepsLedgers?: boolean;
  /** To a worker: the SHA-256 of a result need not be said. A coordinator of before this has to be told it. */
  readonly namesResults?: boolean;
}

/** The last message of a connection that can't go on; `again` says whether coming again helps. */
export interface Bye {
  readonly kind: "bye";
  readonly error: ErrorData;
  readonly again: boolean;
}

// --- what is to be computed ---

/** One file of a model, at `<coordinator>/models/<hash of the model>/<path>`. */
export interface ModelFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A model that the coordinator hands out. */
export interface ModelManifest {
  /** SHA-256 over paths and hashes of its files. */
  readonly hash: string;
  readonly files: readonly ModelFile[];
  /** The file to load, where the model is one file and not a folder: as `plan.spec.model` then goes its address and not that of the folder. */
  readonly entry?: string;
}

/** A predictor class as one ES module, by its SHA-256, at `<coordinator>/code/<sha256>.js`. */
export interface CodeBundle {
  readonly sha256: string;
  readonly bytes: number;
}

/** A segment as it travels. */
export interface SegmentDescription {
  /** As in `text-classification(sentiment)`. */
  readonly name: string;
  /** `plan.spec.model` says where the driver has it; with `model`, the coordinator's copy is used instead. */
  readonly plan: SegmentPlan;
  readonly model?: ModelManifest;
  readonly code?: CodeBundle;
  /** How many blocks there will be, where that is known. */
  readonly expectedBlocks?: number;
}

/** What a driver brings. */
export interface JobDescription {
  /** Names the job for good: the same for a driver that comes again with the same plan, inputs and options. */
  readonly job: string;
  /** For people. */
  readonly name: string;
  /** What its rows are, in a sentence for volunteers; the columns that travel. */
  readonly about: { readonly note?: string; readonly columns: readonly string[] };
  readonly segments: readonly SegmentDescription[];
  readonly priority: number;
  readonly weight: number;
  /** Tabs, and others who came by a link for volunteers, may see its rows. */
  readonly volunteers: boolean;
  /** Its name is this driver's alone, and goes with its process: nobody will continue it. */
  readonly passing?: boolean;
}

/** What a worker is told of a job before it is leased its first task. */
export interface SegmentMessage {
  readonly kind: "segment";
  readonly job: string;
  readonly segment: number;
  readonly jobName: string;
  readonly about: JobDescription["about"];
  readonly description: SegmentDescription;
}

/** Tasks to be computed in this order; the rows of each follow as `block`. */
export interface LeaseMessage {
  readonly kind: "lease";
  readonly lease: number;
  readonly leaseMs: number;
  readonly duplicate: boolean;
  readonly tasks: readonly LeasedTaskMessage[];
}

export interface LeasedTaskMessage {
  readonly task: TaskId;
  readonly attempt: AttemptId;
  readonly bytes: number;
  /** Names the rows that the task is cut from; goes back with its result. */
  readonly input?: string;
  /** Not to be computed together with others: something went wrong with it, or in its company. */
  readonly apart?: true;
}

/** Payload: the rows of a leased task, as a block in Arrow IPC form. */
export interface BlockMessage {
  readonly kind: "block";
  readonly task: TaskId;
  readonly attempt: AttemptId;
}

/** `committed`, of a result that was handed over: another's came first. */
export interface RevokeMessage {
  readonly kind: "revoke";
  readonly tasks: readonly { readonly task: TaskId; readonly attempt: AttemptId }[];
  readonly why: "committed" | "expired" | "moved" | "stalled" | "job-ended";
}

/** The ledger has it (`settle`), or nobody wants it (`refuse`): the worker lets go of the result that it holds. */
export interface SettleMessage {
  readonly kind: "settle" | "refuse";
  readonly task: TaskId;
  readonly attempt: AttemptId;
}

/** Answers a beat: so a worker notices that its connection died without a word. */
export interface HeardMessage {
  readonly kind: "heard";
}

/** Whatever the worker has of this job it may drop. */
export interface JobEndedMessage {
  readonly kind: "job-ended";
  readonly job: string;
}

/** The coordinator asks the worker to finish what it runs and to leave. */
export interface DrainMessage {
  readonly kind: "drain";
  readonly why: string;
}

// --- what a worker says ---

export interface ReadyMessage {
  readonly kind: "ready";
  /** A model that is loaded now. */
  readonly model?: string;
  readonly loadMs?: number;
  /** Leases it can hold. With 0 it begins nothing, and gives back what it has but for the attempts (their numbers) that it finishes. */
  readonly credit?: number;
  readonly finishing?: readonly number[];
}

export interface BeatMessage {
  readonly kind: "beat";
  /** The earliest of its leased tasks that is not done. */
  readonly running?: AttemptId;
  /** Rows of it that are done. */
  readonly rows: number;
  readonly loading?: { readonly doneBytes: number; readonly bytes: number };
  /** For people. */
  readonly state: "waiting" | "loading" | "computing" | "paused";
  readonly device?: ConcreteDevice;
  /** Why it is slower than it could be: "the tab is hidden". */
  readonly notice?: string;
}

/** Payload: the rows that were done, as a block in Arrow IPC form: with the columns of the answer only, where they join the row. */
export interface ResultMessage {
  readonly kind: "result";
  readonly task: TaskId;
  readonly attempt: AttemptId;
  /** Rows in the payload. */
  readonly rows: number;
  /** Of the payload, which is held to it. Where `welcome` says that the gateway names results, a worker leaves it out. */
  readonly sha256?: string;
  /** As the lease said: so that a result of rows that have changed since, over a restart, is told from one of these. */
  readonly input?: string;
  /** Rows that could not be done, counted within the task. */
  readonly failures: readonly RowFailure[];
  readonly stats: ResultStats;
}

/** What goes into the report of the run. */
export interface ResultStats {
  readonly device: string;
  readonly preprocessMs: number;
  readonly predictMs: number;
  readonly postprocessMs: number;
  /** Rows of each `predict` call. */
  readonly batches: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
  /** Rows that were like others of their block, and were not computed again. Absent: none. */
  readonly collapsedRows?: number;
  /** The most that an actor was seen to take. */
  readonly memoryBytes?: number;
}

export interface FailedMessage {
  readonly kind: "failed";
  readonly task: TaskId;
  readonly attempt: AttemptId;
  readonly failure: FailureClass;
  readonly error: ErrorData;
  /** The guilty row, counted from the start of the task, where the worker knows it. */
  readonly row?: number;
}

/** It wants no more, and gives back what it has but for the attempts (their numbers) that it finishes. */
export interface DrainingMessage {
  readonly kind: "draining";
  readonly finishing: readonly number[];
}

// --- driver and gateway ---

/** The driver brings a job, or comes back with it. */
export interface SubmitMessage {
  readonly kind: "submit";
  readonly description: JobDescription;
}

/** The gateway has taken the job. */
export interface AcceptedMessage {
  readonly kind: "accepted";
  readonly job: string;
  /** Blocks that were in its ledger already: nothing of them will run again. */
  readonly committedBlocks: number;
  /** Which these are, by segment. Absent: the gateway does not say. */
  readonly before?: readonly BlocksBefore[];
  /** Files that the coordinator does not have yet: the driver sends each as `file`. Empty where it has them all. */
  readonly missing: readonly string[];
  /** Of these, how many bytes of each are there, from its start: the driver goes on from there. Absent: the gateway does not say. */
  readonly arrived?: readonly (readonly [sha256: string, bytes: number])[];
}

/** Blocks of a segment that were done when its job was brought. */
export interface BlocksBefore {
  readonly rows: number;
  /** The first of each run of blocks, and how many it has; ascending. Where the runs are very many the last of them are left out. */
  readonly runs: readonly RunOfBlocks[];
}

/** Payload: bytes of a file of a model or of code, in order. */
export interface FileMessage {
  readonly kind: "file";
  readonly sha256: string;
  readonly offset: number;
  readonly last: boolean;
}

/** Answers each `file` when its bytes are stored: the driver has only so many under way. */
export interface FileTakenMessage {
  readonly kind: "file-taken";
  readonly sha256: string;
}

/** The driver may offer so many blocks more. */
export interface AskMessage {
  readonly kind: "ask";
  readonly job: string;
  readonly segment: number;
  readonly blocks: number;
}

/** Blocks that follow each other: the first, and how many they are. */
export type RunOfBlocks = readonly [first: number, blocks: number];

/** Payload: a block in Arrow IPC form. Offered in order, from 0. */
export interface OfferMessage {
  readonly kind: "offer";
  readonly job: string;
  readonly segment: number;
  readonly block: number;
  readonly rows: number;
  /** How many rows the segment will be given in all, as the driver reckons by now; absent: as it said last. */
  readonly expectedRows?: number;
  /** `expectedRows` is no count: the source does not know its rows, or a step before changes how many there are. */
  readonly isEstimate?: boolean;
  /** Blocks of the segment whose results the driver has and never asks for again: those since its last offer, and on a new connection all of them. */
  readonly taken?: readonly RunOfBlocks[];
}

export interface InputEndedMessage {
  readonly kind: "input-ended";
  readonly job: string;
  readonly segment: number;
  readonly blocks: number;
}

export interface CancelMessage {
  readonly kind: "cancel";
  readonly job: string;
  /** Nobody will continue it: ledger and blobs may go as well. */
  readonly forget?: boolean;
  /** It may be brought again: what is under way still counts. */
  readonly again?: boolean;
}

/** The run has all it wanted and the output is published: the job's ledger and blobs may go. */
export interface PublishedMessage {
  readonly kind: "published";
  readonly job: string;
}

/** Payload: the result for these rows of the block; none where they were given up, and `error` says why. */
export interface PartMessage {
  readonly kind: "part";
  readonly job: string;
  readonly segment: number;
  readonly block: number;
  readonly first: number;
  readonly rows: number;
  readonly failures: readonly RowFailure[];
  readonly error?: ErrorData;
  readonly stats?: ResultStats;
  readonly worker?: string;
}

/** All parts of the block have been sent. */
export interface BlockDoneMessage {
  readonly kind: "block-done";
  readonly job: string;
  readonly segment: number;
  readonly block: number;
}

/** The job ended otherwise than by its driver. */
export interface JobFailedMessage {
  readonly kind: "job-failed";
  readonly job: string;
  readonly error: ErrorData;
}

/** How the job's workers stand, about once a second. */
export interface FleetMessage {
  readonly kind: "fleet";
  readonly job: string;
  readonly segment: number;
  /** Workers that can do it, or are at it. */
  readonly workers: number;
  /** Of these: with blocks of it, those that still load its model among them. */
  readonly busy: number;
  readonly loading: number;
  /** Of these: with blocks of other jobs, and none of it before those. Absent: none, or not known to an older coordinator. */
  readonly atOtherJobs?: number;
  /** What a person at the terminal should know: "no worker can run this: it needs cuda". */
  readonly notice?: string;
}

export type WorkerToGateway = Hello | ReadyMessage | BeatMessage | ResultMessage | FailedMessage | DrainingMessage;
export type GatewayToWorker = Welcome | Bye | SegmentMessage | LeaseMessage | BlockMessage | RevokeMessage | SettleMessage | HeardMessage | JobEndedMessage | DrainMessage;
export type DriverToGateway = Hello | SubmitMessage | FileMessage | OfferMessage | InputEndedMessage | CancelMessage | PublishedMessage;
export type GatewayToDriver = Welcome | Bye | AcceptedMessage | FileTakenMessage | AskMessage | PartMessage | BlockDoneMessage | JobFailedMessage | FleetMessage;
export type Header = WorkerToGateway | GatewayToWorker | DriverToGateway | GatewayToDriver;
