import type { RemoteJob, RemoteJobSettings, RemoteRunner } from "@shoal/executor";

/** A coordinator, as those see it who bring jobs: what `connect(link)` gives, and what `{ on: cluster }` takes. */
export interface Cluster extends RemoteRunner, AsyncDisposable {
  /** A job of one run. Disposing it takes the job back. */
  openJob(job: JobSettings): Promise<ClusterJob>;
}

export type JobSettings = RemoteJobSettings;
/** Its pools submit the job when the first of them is started. */
export type ClusterJob = RemoteJob;
