import { useState } from "preact/hooks";
import { count, duration, percent, rate } from "@shoal/volunteer/format";
import type { PackedJob } from "../blocks/packed-runs.ts";
import type { RateHistory } from "../history/rate-history.ts";
import { BlockMap } from "./block-map.tsx";
import { Failures } from "./failures.tsx";
import { Chevron } from "./icons.tsx";
import { RateChart } from "./rate-chart.tsx";
import { Samples } from "./samples.tsx";

interface Props {
  readonly job: PackedJob;
  /** The coordinator's time, milliseconds since 1970. */
  readonly at: number;
  readonly history: RateHistory | undefined;
  /** What workers are called. */
  readonly labels: ReadonlyMap<string, string>;
}

/** One that runs, or that ended while this page showed it. */
export function Job(props: Props) {
  const { job, at } = props;
  const [open, setOpen] = useState(true);
  return (
    <article class="card job" data-state={job.state} aria-label={job.name}>
      <h2>
        <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Chevron open={open} /><span class="name">{job.name}</span><span class="state" data-state={job.state}>{job.state}</span>
          {open && isActive(job) && job.volunteers && <span class="brief">open to volunteers</span>}
          {!open && <span class="brief">{count(job.rowsDone)} rows in {duration(elapsedMs(job, at))}</span>}
        </button>
      </h2>
      {open && <Details {...props} />}
    </article>
  );
}

/** One that is over, as a line; all of it, when that is opened. */
export function EndedJob({ openAtFirst, ...props }: Props & { readonly openAtFirst: boolean }) {
  const { job, at } = props;
  const [open, setOpen] = useState(openAtFirst);
  return (
    <details class="job" data-state={job.state} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Chevron open={open} /><span class="name">{job.name}</span><span class="state" data-state={job.state}>{job.state}</span>
        <span class="brief">{count(job.rowsDone)} rows<span class="time"> in {duration(elapsedMs(job, at))}</span></span>
      </summary>
      {open && <Details {...props} />}
    </details>
  );
}

export function isActive({ state }: PackedJob): boolean {
  return state === "running" || state === "paused";
}

function elapsedMs({ endedAt, startedAt }: PackedJob, at: number): number {
  return (endedAt ?? at) - startedAt;
}

function Details({ job, at, history, labels }: Props) {
  const running = isActive(job);
  return (
    <>
      <Figures job={job} running={running} elapsed={elapsedMs(job, at)} />
      <Progress job={job} running={running} />
      {running && job.bottleneck !== "" && <p class="bottleneck">{job.bottleneck}</p>}
      {job.error !== undefined && (
        <div class="error" role="alert">
          <p><code>{job.error.code}</code> {job.error.message}</p>
          {job.error.hint !== undefined && <p class="hint">{job.error.hint}</p>}
        </div>
      )}
      {history !== undefined && <RateChart history={history} labels={labels} />}
      {job.segments.filter(({ map }) => running || map.blocks.length > 0).map((segment) => <BlockMap key={segment.segment} segment={segment} named={job.segments.length > 1} />)}
      {job.samples.length > 0 && <Samples samples={job.samples} />}
      {job.failures.length > 0 && <Failures failures={job.failures} rows={job.failedRows} segments={job.segments} />}
    </>
  );
}

function Figures({ job, running, elapsed }: { readonly job: PackedJob; readonly running: boolean; readonly elapsed: number }) {
  const shown = running ? job.rowsPerSecond : elapsed > 0 ? (job.rowsDone - (job.rowsBefore ?? 0)) / (elapsed / 1000) : 0;
  return (
    <dl class="figures">
      <div class={rate(shown).length > 5 ? "large long" : "large"}><dt>{running ? "rows/s" : "rows/s on average"}</dt><dd>{rate(shown)}</dd></div>
      <div class="rows"><dt>rows done</dt><dd>{count(job.rowsDone)}{job.rowsTotal !== undefined && <small> of {job.isEstimate === true && "about "}{count(job.rowsTotal)}</small>}{job.rowsBefore !== undefined && <small class="before"> ({count(job.rowsBefore)} before)</small>}</dd></div>
      <div><dt>{running ? "to go" : "ended"}</dt><dd>{!running ? (job.endedAt === undefined ? "–" : new Date(job.endedAt).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })) : job.etaMs === undefined ? "–" : duration(job.etaMs)}</dd></div>
      <div><dt>elapsed</dt><dd>{duration(elapsed)}</dd></div>
      <div class={job.failedRows > 0 ? "failed" : ""}><dt>rows failed</dt><dd>{count(job.failedRows)}</dd></div>
    </dl>
  );
}

function Progress({ job, running }: { readonly job: PackedJob; readonly running: boolean }) {
  const known = job.rowsTotal !== undefined && job.rowsTotal > 0;
  const label = known ? `${job.isEstimate === true ? "about " : ""}${percent(job.rowsDone, job.rowsTotal ?? 0)} of the rows` : "how many rows there are is not known yet";
  return (
    <div class="progress">
      {known ? <progress max={job.rowsTotal} value={job.rowsDone} aria-label={label} /> : <progress class={running ? "" : "still"} max={1} {...(running ? {} : { value: job.state === "done" ? 1 : 0 })} aria-label={label} />}
      <span>{known ? percent(job.rowsDone, job.rowsTotal ?? 0) : ""}</span>
    </div>
  );
}
