import type { ComponentChild } from "preact";
import { bytes, shareText } from "@shoal/volunteer/format";
import { longestLabel } from "../settings.ts";
import type { Offer, OfferedJob } from "../tab/offer.ts";
import type { VolunteerState } from "../volunteer-state.ts";
import type { Volunteer } from "../volunteer.ts";
import { DeviceList } from "./device-list.tsx";

/** Before anything is started: what it will be. */
export function Welcome({ state, volunteer }: { readonly state: VolunteerState; readonly volunteer: Volunteer }): ComponentChild {
  const { offer, devices, power, settings } = state;
  const jobs = offer?.jobs ?? [];
  const download = jobs.reduce((sum, job) => sum + job.downloadBytes, 0);
  return (
    <>
      <section class="hero">
        <h1 tabIndex={-1}>{headline(jobs)}</h1>
        <p class="lead">{lead(offer, jobs)}</p>
        <button type="button" class="main start" aria-describedby="start-note" onClick={() => volunteer.start()}>Start</button>
        <p id="start-note" class="soft">Nothing is downloaded or computed before you press it. Stop whenever you like.</p>
        {state.others > 0 && <p class="notice">Another tab of this browser is at work already. They share one device, so a second adds little.</p>}
      </section>

      <div class="cards">
        <section class="card" aria-labelledby="sees">
          <h2 id="sees">What this tab will see</h2>
          {jobs.length === 0 ? <p>Rows of the next job that is open to volunteers. You can look here again before you start.</p> : jobs.map((job) => <JobData key={job.name} job={job} named={jobs.length > 1} />)}
          <p class="soft">It sends back its results, how fast it is, and the devices listed here; nothing else of yours.</p>
        </section>

        <section class="card" aria-labelledby="computes">
          <h2 id="computes">What it will compute with</h2>
          {devices === undefined ? <p class="soft">Looking …</p> : <DeviceList devices={devices} />}
        </section>

        <section class="card" aria-labelledby="costs">
          <h2 id="costs">What it costs you</h2>
          <ul>
            <li><strong>Download</strong>: {downloadSentence(download, state)}</li>
            <li><strong>Memory</strong>: the model and the rows at hand, often two or three times the download, until you stop.</li>
            <li><strong>Power</strong>: it computes as much as you let it. {powerSentence(power)}</li>
          </ul>
        </section>

        <section class="card" aria-labelledby="named">
          <h2 id="named">What it is called</h2>
          <label class="field">
            Name in the list of workers
            <input type="text" value={settings.label} maxLength={longestLabel} autocomplete="nickname" spellcheck={false} onInput={({ currentTarget }) => volunteer.change({ label: currentTarget.value })} />
          </label>
          <p class="soft">Whoever runs the job sees it. It need not be yours.</p>
        </section>
      </div>
    </>
  );
}

function JobData({ job, named }: { readonly job: OfferedJob; readonly named: boolean }): ComponentChild {
  return (
    <div>
      {named && <h3>{job.name}</h3>}
      {job.note !== undefined && job.note !== "" && <blockquote>{job.note}</blockquote>}
      <p>Of each row {job.columns.length === 1 ? "this column" : "these columns"}:</p>
      <ul class="columns">{job.columns.map((column) => <li key={column}><code>{column}</code></li>)}</ul>
    </div>
  );
}

function headline([first, second]: readonly OfferedJob[]): string {
  return first === undefined ? "Lend this tab" : second === undefined ? `Lend this tab to “${first.name}”` : "Lend this tab to several jobs";
}

function lead(offer: Offer | undefined, jobs: readonly OfferedJob[]): string {
  if (jobs.length > 0) return "A large computation is spread over many devices. Press Start, and this tab computes a part of it for as long as it is open.";
  return (offer?.otherJobs ?? 0) > 0
    ? "The jobs that run now are not open to volunteers. Press Start, and this tab waits for one that is."
    : "There is no job at the moment. Press Start, and this tab waits for the next one.";
}

/** The program is mostly ONNX Runtime, whose build for graphics cards is larger. */
function downloadSentence(download: number, { devices, program }: VolunteerState): string {
  const own = program === undefined || devices === undefined ? 0 : devices.gpu.works ? program.webgpu : program.wasm;
  const parts = [...(download > 0 ? [`${bytes(download)} of model`] : []), ...(own > 0 ? [`about ${bytes(own)} of program`] : [])];
  return `${parts.length === 0 ? "the model and the program that runs it" : parts.join(" and ")}, once. The browser keeps what it can for the next time.`;
}

function powerSentence(power: VolunteerState["power"]): string {
  if (power === undefined) return "Plug a laptop or a phone in; it will get warm.";
  return power.onMains ? "This device is plugged in." : `This device runs on its battery, which is at ${shareText(power.level)}: plug it in, or turn the work down after Start.`;
}
