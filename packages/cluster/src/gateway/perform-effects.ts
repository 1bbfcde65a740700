import type { SchedulerEffect } from "../scheduler/index.ts";
import type { AskGate } from "./jobs/ask-gate.ts";
import type { LedgerCommits } from "./results/ledger-commits.ts";
import type { Elsewhere } from "./elsewhere/elsewhere.ts";
import { endJob, failJob } from "./jobs/end-job.ts";
import type { GatewayState } from "./gateway-state.ts";
import { strikeWorker } from "./workers/strike-worker.ts";

/** What the scheduler wants done, done. */
export function performEffect(state: GatewayState, commits: LedgerCommits, asks: AskGate, elsewhere: Elsewhere, effect: SchedulerEffect): void {
  if (elsewhere.perform(effect)) return;
  switch (effect.kind) {
    case "lease": return state.links.get(effect.connection)?.lease(effect);
    case "revoke": return state.links.get(effect.connection)?.revoke(effect);
    case "settle": return state.links.get(effect.connection)?.send({ kind: "settle", task: effect.task, attempt: effect.attempt });
    case "refuse": {
      const link = state.links.get(effect.connection);
      link?.send({ kind: "refuse", task: effect.task, attempt: effect.attempt });
      return link && strikeWorker(state, link, "forged-result", "what it answered was never leased to it");
    }
    case "close": return state.links.get(effect.connection)?.close();
    case "commit": return commits.commit(effect.task, effect.entry);
    case "ask-for-blocks": return asks.want(effect.job, effect.segment, effect.blocks);
    case "block-done": {
      const { job: name, segment, block } = effect;
      const job = state.jobs.get(name);
      const held = state.inputs.take({ job: name, segment, block });
      // What an earlier connection of the driver offered, this one has yet to offer again, and is given then.
      if (job !== undefined && held !== undefined && held.offeredBy === job.driver?.connection) job.driver.deliveries.add({ job, segment, block, rows: held.rows, input: held.input, committed: held.committed });
      return asks.ask();
    }
    case "job-done": {
      const job = state.jobs.get(effect.job);
      return job && endJob(state, job, "done");
    }
    case "job-failed": {
      const job = state.jobs.get(effect.job);
      return job && failJob(state, job, effect.error);
    }
    // Whoever took it back has seen to the rest.
    case "job-cancelled":
    // The ledger says what a block was split into, and what was quarantined; timers are the loop's.
    case "block-split":
    case "rows-quarantined":
    case "set-timer":
  }
}
