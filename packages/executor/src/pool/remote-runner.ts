import type { PhysicalOperator } from "@shoal/planner";
import type { RemotePools } from "./block-pool.ts";

/** Many machines, as a run sees them that takes `{ on }`. */
export interface RemoteRunner {
  /** For messages. */
  readonly name: string;
  /** Predictors of one's own go there as code. Absent: only what is pure data travels. */
  readonly takesCode?: boolean;
  /** False: no link lets others help, so that no report advises it. Default true. */
  readonly mayJoin?: boolean;
  /** What to say of a run of which nothing travels, beside that. `mayRunHere`: it runs here also where it has predictors; otherwise such a run is refused. */
  readonly whenAllStays?: { readonly note: string; readonly mayRunHere: boolean };
  /** A job of one run. Disposing it takes back what is not finished. */
  openJob(job: RemoteJobSettings): Promise<RemoteJob>;
}

export interface RemoteJobSettings {
  /** For people: what a dashboard and a volunteer's page call it. */
  readonly name: string;
  /** Names the job for good: the same for a run that is continued and cuts the same blocks. Without one it is a job of its own. */
  readonly identity?: string;
  /** It is meant to go on with what an earlier run of that identity has done: where there is nothing of it, that is said. */
  readonly resume?: boolean;
  /** What will run: for those who name jobs by it. */
  readonly plan?: PhysicalOperator;
  /** What its rows are, in a sentence for volunteers. */
  readonly note?: string;
  /** Tabs, and others who came by a link for volunteers, may see its rows. */
  readonly volunteers: boolean;
  /** Of several jobs those with the highest priority get workers first. Default 0. */
  readonly priority?: number;
  /** Jobs of one priority get time of workers in proportion to this. Default 1. */
  readonly weight?: number;
  readonly signal: AbortSignal;
  readonly onNotice: (message: string) => void;
}

export interface RemoteJob extends AsyncDisposable {
  /** The stages of a plan that travel, as pools of all workers there are. */
  readonly pools: RemotePools;
  /** The run has all it wanted, and its output is there: what is kept of the job elsewhere may go. */
  published(): Promise<void>;
  /** Absent: what is done is kept nowhere else. */
  readonly kept?: KeptElsewhere | undefined;
}

/** What is done of a job is kept where it went: a run of the same identity, which reads its input from the start, is given it. */
export interface KeptElsewhere {
  /** For messages. */
  readonly by: string;
  /** Rows of the output that it has, where it knows. */
  readonly rows?: number | undefined;
  /** The run goes on in the middle instead, after rows that this machine has: it cuts other blocks, and is a job of its own. To be said before it begins. */
  goesOnHere(): Promise<void>;
  /** Absent: the run is known there by its plan. Otherwise by a name, which this machine writes down beside the output. */
  readonly named?: NamedElsewhere;
}

export interface NamedElsewhere {
  /** A name that nobody has. */
  readonly fresh: string;
  /** The run goes by it, and something is known to be done, or an earlier run had it. */
  readonly hasDone: boolean;
  /** The run has this name, and can be continued by it. To be said before it begins. `again`: an earlier run had it. */
  use(name: string, again: boolean): void;
}
