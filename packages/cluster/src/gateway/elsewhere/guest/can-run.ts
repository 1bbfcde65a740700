import { isAble } from "../../../scheduler/classes.ts";
import { isStandIn } from "../../../scheduler/stand-ins.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";

/** Whether a live worker of this gateway is able to run a segment. */
export function canRun({ loop }: GatewayState, job: GatewayJob, segment: number): boolean {
  const needs = job.spec.segments[segment]?.needs;
  if (needs === undefined) return false;
  for (const worker of loop.state.live) if (!isStandIn(worker) && isAble(worker, needs)) return true;
  return false;
}
