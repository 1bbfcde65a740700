import { count, plural } from "@shoal/volunteer/format";
import type { PackedJob, PackedSnapshot } from "../blocks/packed-runs.ts";
import type { RateHistory } from "../history/rate-history.ts";
import { EndedJob, isActive, Job } from "./job.tsx";

const endedShown = 30;

interface Props {
  readonly snapshot: PackedSnapshot;
  readonly histories: ReadonlyMap<string, RateHistory>;
}

/** Jobs that run. While none does, the one that ended last, if this page saw it run: nobody who looks at a job wants it folded under the eyes because it ended. */
export function Jobs({ snapshot, histories }: Props) {
  if (snapshot.jobs.length === 0) {
    return (
      <section class="card empty">
        <h2>No job yet</h2>
        <p>Give this coordinator one from any machine that has its link:</p>
        <pre><code>shoal run job.ts --on &lt;link&gt;</code></pre>
        <p>It appears here as soon as it starts, and so do the rows that come of it.</p>
      </section>
    );
  }
  const labels = labelsOf(snapshot);
  return <>{shownWhole(snapshot.jobs, histories).map((job) => <Job key={job.job} job={job} at={snapshot.at} history={histories.get(job.job)} labels={labels} />)}</>;
}

/** Those that are over, a line each, the newest first. The first of them is open where nothing else is shown. */
export function EndedJobs({ snapshot, histories }: Props) {
  const whole = shownWhole(snapshot.jobs, histories);
  const ended = byEnd(snapshot.jobs.filter((job) => !whole.includes(job)));
  const labels = labelsOf(snapshot);
  const more = ended.length - endedShown;
  if (ended.length === 0) return null;
  return (
    <section class="card ended" aria-label="Finished jobs">
      <h2>Finished <small>{count(ended.length)}</small></h2>
      {ended.slice(0, endedShown).map((job, index) => (
        <EndedJob key={job.job} job={job} at={snapshot.at} history={histories.get(job.job)} labels={labels} openAtFirst={index === 0 && whole.length === 0} />
      ))}
      {more > 0 && <p class="note">{plural(more, "job")} that ended earlier {more === 1 ? "is" : "are"} not shown.</p>}
    </section>
  );
}

function shownWhole(jobs: readonly PackedJob[], histories: ReadonlyMap<string, RateHistory>): readonly PackedJob[] {
  const active = jobs.filter(isActive).toSorted((a, b) => a.startedAt - b.startedAt);
  return active.length > 0 ? active : byEnd(jobs.filter(({ job }) => histories.has(job))).slice(0, 1);
}

function byEnd(jobs: readonly PackedJob[]): readonly PackedJob[] {
  return jobs.toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
}

function labelsOf({ workers }: PackedSnapshot): ReadonlyMap<string, string> {
  return new Map(workers.map(({ worker, label }) => [worker, label]));
}
