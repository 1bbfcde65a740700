/** What is known of a job when it is asked what holds it up. */
export interface JobStanding {
  readonly state: "running" | "paused" | "done" | "failed" | "cancelled" | "opening";
  /** Why the engine stores nothing. */
  readonly trouble: string | undefined;
  /** A link is there by which others could help. */
  readonly mayJoin: boolean;
  readonly hasDriver: boolean;
  readonly missingFiles: number;
  /** The driver does not read what it is sent. */
  readonly isHeldUp: boolean;
  readonly workers: number;
  /** For a segment that nobody can do: its name, and why. */
  readonly nobody: { readonly name: string; readonly why: string } | undefined;
  /** Of those that are able to do any of it. */
  readonly able: number;
  readonly busy: number;
  readonly loading: number;
  /** Of the able: those that do blocks of other jobs first; of these, those whose jobs are of higher priority. */
  readonly atOtherJobs: number;
  readonly outranked: number;
  /** Blocks that nobody has yet; the last ones, and who has them. */
  readonly ready: number;
  readonly leased: number;
  readonly hasEnded: boolean;
  readonly last: { readonly worker: string; readonly seconds: number } | undefined;
}

/** What holds a job up, in one sentence. */
export function bottleneck(job: JobStanding): string {
  if (job.state === "done") return "All of it is done.";
  if (job.state === "failed" || job.state === "cancelled") return `The job was ${job.state === "failed" ? "given up: it failed" : "cancelled"}.`;
  if (job.state === "opening") return "What was done of it before is being read.";
  if (job.trouble !== undefined) return `Results can't be stored: ${job.trouble}`;
  if (!job.hasDriver) return job.state === "paused" ? "The program that brought it is gone: nothing more is leased until it comes back." : "The program that brought it is gone; the workers go on with what they have, and it may come back.";
  if (job.missingFiles > 0) return `The program that brought it still sends ${job.missingFiles === 1 ? "a file" : `${job.missingFiles} files`} of models.`;
  if (job.workers === 0) return "No worker is here: open the link on another machine, or run shoal work with it.";
  if (job.nobody !== undefined) return `Nobody can do ${job.nobody.name}: ${job.nobody.why}.`;
  if (job.isHeldUp) return "The program that brought it reads results more slowly than they come.";
  if (job.loading > 0 && job.busy <= job.loading && job.loading >= job.able) return job.able === 1 ? "The worker is loading the model." : `${all(job.able)} are loading the model.`;
  if (isSetAside(job) && job.ready + job.leased > 0) return `It waits: ${job.able === 1 ? "the worker is" : "the workers are"} at ${otherJobs(job)}.`;
  if (job.hasEnded && job.ready === 0 && job.leased === 1 && job.last !== undefined) return `One block is left: worker ${job.last.worker} has had it for ${job.last.seconds} s.`;
  if (job.busy >= job.able && job.loading > 0) return `${job.busy - job.loading} of ${job.able} workers ${job.busy - job.loading === 1 ? "is" : "are"} busy, and ${job.loading === 1 ? "one still loads" : `${job.loading} still load`} the model.`;
  if (job.busy >= job.able && job.able > 0) return `${job.able === 1 ? "The one worker is busy" : `${all(job.able)} are busy`}${job.mayJoin ? `: ${job.able === 1 ? "another" : "more"} would help` : "; no link lets others help (shoal run --share makes one)"}.`;
  if (job.hasEnded && job.ready === 0) return `The last ${job.leased} blocks are with ${job.busy} of ${job.able} workers.`;
  if (job.ready === 0 && job.busy + job.atOtherJobs < job.able) return "Workers wait for blocks: the program that brought it can't read and prepare its input faster.";
  return `${job.busy} of ${job.able} workers ${job.busy === 1 ? "is" : "are"} busy${job.atOtherJobs === 0 ? "" : `, ${job.atOtherJobs} at ${otherJobs(job)}`}.`;
}

/** All who could do it are at other jobs. */
export function isSetAside({ able, busy, atOtherJobs }: Pick<JobStanding, "able" | "busy" | "atOtherJobs">): boolean {
  return busy === 0 && atOtherJobs > 0 && atOtherJobs >= able;
}

function otherJobs({ atOtherJobs, outranked }: JobStanding): string {
  return `${atOtherJobs === 1 ? "another job" : "other jobs"}${outranked === atOtherJobs ? " of higher priority" : ""}`;
}

function all(workers: number): string {
  return workers === 2 ? "Both workers" : `All ${workers} workers`;
}
