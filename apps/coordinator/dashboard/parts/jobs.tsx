import { plural } from "@shoal/volunteer/format";
import type { PackedSnapshot } from "../blocks/packed-runs.ts";
import type { RateHistory } from "../history/rate-history.ts";
import { Job } from "./job.tsx";

const endedShown = 30;

/** Jobs that run, then those that ended, the newest first; of the latter only what ended last is open, and only while nothing runs. */
export function Jobs({ snapshot, histories }: { readonly snapshot: PackedSnapshot; readonly histories: ReadonlyMap<string, RateHistory> }) {
  const active = snapshot.jobs.filter(({ state }) => state === "running" || state === "paused").toSorted((a, b) => a.startedAt - b.startedAt);
  const ended = snapshot.jobs.filter((job) => !active.includes(job)).toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const labels = new Map(snapshot.workers.map(({ worker, label }) => [worker, label]));
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
  return (
    <>
      {[...active, ...ended.slice(0, endedShown)].map((job, index) => (
        <Job key={job.job} job={job} at={snapshot.at} history={histories.get(job.job)} labels={labels} openAtFirst={active.includes(job) || (active.length === 0 && index === 0)} />
      ))}
      {ended.length > endedShown && <p class="note">{plural(ended.length - endedShown, "job")} that ended earlier {ended.length - endedShown === 1 ? "is" : "are"} not shown.</p>}
    </>
  );
}
