import type { WorkerSnapshot } from "@shoal/cluster";

/** A worker that is here now. What stands for those of other gateways is none: they are counted there. */
export function isHere({ state, runtime }: WorkerSnapshot): boolean {
  return state !== "gone" && !isStandIn(runtime);
}

/** What stands for workers of other gateways is listed once it has blocks of this one, or has had some. */
export function isListed({ state, runtime, rowsDone, failures }: WorkerSnapshot): boolean {
  return !isStandIn(runtime) || state === "computing" || rowsDone > 0 || failures > 0;
}

function isStandIn(runtime: string): boolean {
  return runtime === "gateway";
}
