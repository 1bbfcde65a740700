import type { GatewayState } from "../gateway-state.ts";

/** Blocks that wait to be handed to a driver: one that reads no faster is not asked for more. */
const mostUndelivered = 4_096;

/** Drivers are asked for what the scheduler wants, when there is room for it. */
export class AskGate {
  readonly #state: GatewayState;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  want(name: string, segment: number, blocks: number): void {
    const of = this.#state.jobs.get(name)?.segments[segment];
    if (of === undefined) return;
    of.wanted += blocks;
    this.ask();
  }

  ask(): void {
    const { jobs, inputs, settings } = this.#state;
    for (const job of jobs.values()) {
      const { driver } = job;
      if (job.state !== "running" || job.missingFiles.size > 0 || driver === undefined || driver.deliveries.waiting > mostUndelivered) continue;
      const isFull = inputs.bytes >= settings.heldBytes;
      // One without any block would stand still, and those that wait for it with it.
      if (isFull && inputs.countOf(job.name) > 0) continue;
      for (const [index, segment] of job.segments.entries()) {
        const blocks = isFull && segment.mayOffer > 0 ? 0 : Math.min(segment.wanted, isFull ? 1 : Infinity);
        if (blocks === 0) continue;
        segment.wanted -= blocks;
        segment.mayOffer += blocks;
        driver.send({ kind: "ask", job: job.name, segment: index, blocks });
      }
    }
  }
}
