import { bytes, plural } from "@shoal/volunteer/format";
import type { Done, Work } from "../agent/work.ts";
import type { Offer } from "../tab/offer.ts";
import type { VolunteerState } from "../volunteer-state.ts";

/** What the tab does now, as a sentence or two. */
export function activityLine({ activity, holds, device, jobEnded, stopped }: Work, own: Done, offer: Offer | undefined): string {
  if (activity.kind !== "draining") {
    if (holds.includes("you")) return "Paused, by you.";
    if (holds.includes("hidden")) return "Paused while this tab is hidden.";
    if (holds.includes("battery")) return "Paused until this device is plugged in.";
  }
  switch (activity.kind) {
    case "starting": return "Starting …";
    case "connecting": return stopped ? waitsForIt : "Connecting to the coordinator …";
    case "loading": return loading(activity);
    case "computing": return device === undefined ? "Computing." : `Computing on the ${inWords(device)}.`;
    case "waiting": return jobEnded || offer?.jobs.length === 0 ? over(own, "waits for the next one") : "Waiting for work.";
    case "reconnecting": return jobEnded ? over(own, "looks for the coordinator again") : stopped ? waitsForIt : "The connection is lost. What was done is kept until it is back.";
    case "restarting": return `The worker in this tab crashed (${activity.why}) and is started again.`;
    case "draining": return "Finishing what it has begun …";
  }
}

/** A device, within a sentence. */
function inWords(device: string): string {
  return device === "webgpu" ? "graphics card (WebGPU)" : device === "wasm" ? "processor (WASM)" : device;
}

const waitsForIt = "The coordinator was stopped; waiting for it to come back. What was done here is kept until then.";

function loading({ name, doneBytes, bytes: all }: Extract<Work["activity"], { kind: "loading" }>): string {
  const model = name === "" ? "the model" : name;
  return all === 0 ? `Loading ${model} …` : doneBytes === 0 ? `Loading ${model}, ${bytes(all)} …` : `Loading ${model}: ${bytes(doneBytes)} of ${bytes(all)}.`;
}

function over({ rows }: Done, then: string): string {
  return rows === 0 ? "Waiting: there is no job for volunteers at the moment." : `The job is over. Thank you: you did ${plural(rows, "row")}. This tab ${then}; you can close it.`;
}

/** What the owner of the tab should know beside that. */
export function remarks({ notice, holds }: Work, { visible, others }: VolunteerState): string[] {
  return [
    ...(!visible && holds.length === 0 ? ["This tab is hidden. It goes on, but browsers slow hidden tabs down, and phones stop them: leave it in front to help most."] : []),
    ...(notice === undefined ? [] : [notice.message]),
    ...(others === 0 ? [] : [`${others === 1 ? "Another tab" : `${others} other tabs`} of this browser ${others === 1 ? "is" : "are"} at work too. They share one device with this one.`]),
  ];
}
