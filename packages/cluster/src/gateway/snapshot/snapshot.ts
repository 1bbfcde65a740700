import type { ConcreteDevice, ErrorData } from "@shoal/core";
import type { JobDescription, Scope } from "../../connection/messages.ts";

/** Everything that a dashboard shows, as JSON. Times are milliseconds since 1970. */
export interface Snapshot {
  readonly at: number;
  /** Of the coordinator. */
  readonly name: string;
  readonly jobs: readonly JobSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  /** Jobs that other gateways of the engine lead and that workers here help with; absent where there are none. What is done of them is counted where they are led. */
  readonly helps?: readonly HelpSnapshot[];
  /** Why nothing is committed at the moment: the disk is full, or the ledger does not answer. */
  readonly paused?: string;
  /** What was refused since the start, by code of error. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface HelpSnapshot {
  readonly job: string;
  readonly name: string;
  /** The gateway that leads it: its name for people, and its epoch; absent while that is not known. */
  readonly by?: string;
  readonly home?: number;
  /** By workers of this gateway. */
  readonly rowsDone: number;
  readonly rowsPerSecond: number;
  /** That are here. */
  readonly blocks: { readonly waiting: number; readonly leased: number };
}

export interface JobSnapshot {
  readonly job: string;
  readonly name: string;
  readonly state: "running" | "paused" | "done" | "failed" | "cancelled";
  readonly error?: ErrorData;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly volunteers: boolean;
  /** What its rows are, for people. */
  readonly about?: JobDescription["about"];
  /** Of all its models, which a worker loads once. */
  readonly downloadBytes?: number;
  readonly rowsDone: number;
  /** Of these, what was done before the job was brought: by a run that it continues, or before the coordinator was started again. Absent where that is nothing. */
  readonly rowsBefore?: number;
  /** Where it is known. */
  readonly rowsTotal?: number;
  /** Of `rowsTotal`: it is what the driver reckons by what it has read so far. */
  readonly isEstimate?: true;
  /** Over the last ten seconds. */
  readonly rowsPerSecond: number;
  readonly etaMs?: number;
  readonly failedRows: number;
  readonly segments: readonly SegmentSnapshot[];
  /** What holds the job up, in one sentence. */
  readonly bottleneck: string;
  /** Rows that were done lately: columns as JSON, pictures as `data:` URLs. The newest first, at most 12. */
  readonly samples: readonly Readonly<Record<string, unknown>>[];
  /** At most 50, the newest first. */
  readonly failures: readonly { readonly segment: number; readonly block: number; readonly row: number; readonly error: ErrorData }[];
}

export interface SegmentSnapshot {
  readonly segment: number;
  readonly name: string;
  readonly rowsDone: number;
  /** Rows that it is given in all, as `rowsTotal` of the job, which is that of the last segment. */
  readonly rowsTotal?: number;
  readonly isEstimate?: true;
  /** One of these is needed; none named: any will do. Absent once the job is over. */
  readonly devices?: readonly ConcreteDevice[];
  /** As the source counted them before it was read. */
  readonly expectedBlocks?: number;
  readonly blocks: { readonly ready: number; readonly leased: number; readonly committing: number; readonly done: number; readonly troubled: number; readonly total?: number };
  /**
   * The state of each block from the first on, runs of equal states as one: `d` done, `c` committing, `l` leased, `r` ready, `t` troubled (some worker
   * failed at it), `s` split, `q` quarantined in part. As in `[["d", 120], ["l", 4], ["r", 30]]`.
   */
  readonly map: readonly (readonly [state: string, blocks: number])[];
}

export interface WorkerSnapshot {
  readonly worker: string;
  readonly label: string;
  readonly host: "machine" | "tab";
  readonly runtime: string;
  readonly devices: readonly ConcreteDevice[];
  /** What it really uses. */
  readonly device?: ConcreteDevice;
  readonly state: "loading" | "computing" | "waiting" | "paused" | "draining" | "silent" | "gone";
  /** Why it is slower than it could be, or excluded. */
  readonly notice?: string;
  readonly joinedAt: number;
  readonly rowsDone: number;
  readonly blocksDone: number;
  readonly rowsPerSecond: number;
  readonly failures: number;
  /** Why the last of them was one, for people. */
  readonly lastFailure?: string;
  readonly loading?: { readonly doneBytes: number; readonly bytes: number };
}

/** A link that lets somebody in. */
export interface Invite {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Volunteers see only the inputs of jobs that say `volunteers: true`. */
  readonly volunteer: boolean;
  readonly expiresAt: number;
  readonly revoked: boolean;
  /** How often somebody came in by it: at all gateways, and before a restart. Of pages alone the first time only. From the 17th time on some may not be known after a restart. */
  readonly used: number;
}
