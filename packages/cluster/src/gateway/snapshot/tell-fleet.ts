import { cutText } from "../../connection/cut-text.ts";
import { longestText } from "../../connection/schemas/parts.ts";
import type { GatewayState } from "../gateway-state.ts";
import { fleetOf } from "./job-standing.ts";

/** Drivers are told how the workers of their jobs stand, why nothing goes on where the engine has `trouble`, and that results were refused. */
export function tellFleet(state: GatewayState, trouble: string | undefined): void {
  const fleet = fleetOf(state);
  for (const job of state.jobs.values()) {
    if (job.driver === undefined || job.guest !== undefined || job.isOver) continue;
    const segments = state.loop.state.jobs.get(job.name)?.segments ?? [];
    for (const segment of segments) {
      const { workers, busy, loading, atOtherJobs, notice: nobody } = fleet(segment);
      const refused = job.segments[segment.index]?.refused.sentence(state.clock.now(), nobody !== undefined);
      const notice = trouble !== undefined ? `the coordinator is paused: ${trouble}` : [nobody, refused].filter((each) => each !== undefined).join("; ");
      job.driver.send({
        kind: "fleet", job: job.name, segment: segment.index, workers, busy, loading, ...(atOtherJobs > 0 && { atOtherJobs }),
        ...(notice !== "" && { notice: cutText(notice, longestText.words) }),
      });
    }
  }
}
