import type { ComponentChild } from "preact";
import { count, deviceName, rate, shareText } from "@shoal/volunteer/format";
import { done, type Work } from "../agent/work.ts";
import type { VolunteerState } from "../volunteer-state.ts";
import type { Volunteer } from "../volunteer.ts";
import { activityLine, remarks } from "./activity-line.ts";
import { shareOfJob } from "./share-of-job.ts";
import { Sparkline } from "./sparkline.tsx";
import { Tuning } from "./tuning.tsx";
import { useSecondsUntil } from "./use-seconds-until.ts";

/** While the tab is at work. */
export function Working({ work, state, volunteer }: { readonly work: Work; readonly state: VolunteerState; readonly volunteer: Volunteer }): ComponentChild {
  const { activity, holds } = work;
  const seconds = useSecondsUntil("at" in activity ? activity.at : undefined);
  const paused = holds.includes("you");
  const share = shareOfJob(work, state);
  const own = done(work);
  const loading = activity.kind === "loading" && holds.length === 0;
  const loaded = loading && activity.doneBytes > 0 ? activity.doneBytes / activity.bytes : undefined;
  const draining = activity.kind === "draining";
  return (
    <>
      <h1 tabIndex={-1}>{work.job?.name ?? state.offer?.jobs[0]?.name ?? "At work"}</h1>
      <section class="card meter" aria-label="Progress" data-activity={holds.length > 0 ? "paused" : activity.kind}>
        <div class="rate">
          <p><output id="rate" aria-live="off">{rate(holds.length > 0 ? 0 : work.rowsPerSecond)}</output> <span>rows/s</span></p>
          <Sparkline values={work.rates} />
        </div>
        <p class="state" role="status"><span class="dot" aria-hidden="true" />{activityLine(work, own, state.offer)}{seconds !== undefined && <span aria-hidden="true"> Next try in {seconds} s.</span>}</p>
        <progress max={1} {...(loaded !== undefined && { value: loaded })} data-shown={loading} aria-label="Model loaded" aria-hidden={!loading} />
        <dl>
          <div><dt>Rows you did</dt><dd id="rows">{count(own.rows)}{work.underWay > 0 && <small> {count(work.underWay)} under way</small>}</dd></div>
          <div><dt>Blocks</dt><dd id="blocks">{count(own.blocks)}</dd></div>
          <div><dt>{share?.of === "done" ? "Of all done so far" : "Of the job"}</dt><dd id="share">{share === undefined ? "–" : `${share.isEstimate === true ? "about " : ""}${shareText(share.part)}`}</dd></div>
          <div><dt>Device</dt><dd id="device">{work.device === undefined ? "–" : deviceName(work.device)}</dd></div>
        </dl>
        <div class="buttons">
          <button type="button" class="main" disabled={draining} onClick={() => volunteer.pause(!paused)}>{paused ? "Resume" : "Pause"}</button>
          {draining ? <button type="button" onClick={() => volunteer.stopNow()}>Stop at once</button> : <button type="button" onClick={() => volunteer.stop()}>Stop</button>}
        </div>
      </section>
      <div class="remarks" role="status">{remarks(work, state).map((remark) => <p class="notice" key={remark}>{remark}</p>)}</div>
      <Tuning state={state} volunteer={volunteer} />
    </>
  );
}
