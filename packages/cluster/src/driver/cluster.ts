import type { RemotePools } from "@shoal/executor";

/** A coordinator, as those see it who bring jobs: what `connect(link)` gives, and what `{ on: cluster }` takes. */
export interface Cluster extends AsyncDisposable {
  /** For messages and plans. */
  readonly name: string;
  /** A job of one run. Disposing it takes the job back. */
  openJob(job: JobSettings): Promise<ClusterJob>;
}

export interface JobSettings {
  readonly name: string;
  /** The same for a run that is continued; a run that is not gets a fresh one. */
  readonly identity: string;
  readonly note?: string;
  readonly volunteers: boolean;
  readonly priority?: number;
  readonly weight?: number;
  readonly signal: AbortSignal;
  readonly onNotice: (message: string) => void;
}

export interface ClusterJob extends AsyncDisposable {
  /** The stages of a plan that travel, as pools of all workers there are. Submits the job when the first of them is started. */
  readonly pools: RemotePools;
  /** The output is published: what the coordinator keeps of the job may go. */
  published(): Promise<void>;
}
