import type { RemoteJob, RemoteJobSettings, RemoteRunner } from "@shoal/executor";

/** A coordinator, as those see it who bring jobs: what `connect(link)` gives, and what `{ on: cluster }` takes. */
export interface Cluster extends RemoteRunner, AsyncDisposable {
  /**
   * A job of one run. Disposing it takes the job back.
   * @throws `cluster-closed`; `job-runs-already`; why the coordinator lets this driver in no more; the signal's reason
   */
  openJob(job: JobSettings): Promise<ClusterJob>;
}

export type JobSettings = RemoteJobSettings;
/** Its pools submit the job when the first of them is started. */
export type ClusterJob = RemoteJob;
