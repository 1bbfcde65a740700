/** What a coordinator answers at `/api/job`, before anything is started. */
export interface Offer {
  /** Of the coordinator. */
  readonly name: string;
  /** Those that a volunteer's tab would work for. */
  readonly jobs: readonly OfferedJob[];
  /** How many run besides, which are not open to volunteers: nothing more is said of them. */
  readonly otherJobs?: number;
}

/** A job, as it is described to somebody who may lend a tab to it. */
export interface OfferedJob {
  readonly name: string;
  /** What its rows are, in the words of the job's owner. */
  readonly note?: string;
  /** What a volunteer gets to see of each row. */
  readonly columns: readonly string[];
  /** Files of its models, which are loaded once. */
  readonly downloadBytes: number;
  /** Its steps that travel. */
  readonly segments?: readonly string[];
  readonly rowsDone?: number;
  /** Where it is known. */
  readonly rowsTotal?: number;
  /** Of `rowsTotal`: it is what was reckoned so far. */
  readonly isEstimate?: true;
}
