import type { SchedulerEffect, TaskId } from "../../scheduler/index.ts";
import { Claims } from "./claims.ts";
import type { Committed } from "../results/commit-record.ts";
import type { LedgerCommits } from "../results/ledger-commits.ts";
import { endsRun } from "../results/ends-run.ts";
import type { EngineTrouble } from "../engine-trouble.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { GuestInlet } from "./guest/guest-inlet.ts";
import { GuestJobs } from "./guest/guest-jobs.ts";
import { HomeLending } from "./home/home-lending.ts";

/** What a gateway has to do with the others of its engine. One that is alone says now and then that it is hungry, and that is all. */
export class Elsewhere {
  readonly claims: Claims;
  readonly lending: HomeLending;
  readonly guests: GuestJobs;
  readonly inlet: GuestInlet;
  readonly #state: GatewayState;

  /** @param on `takeEarly`: results of a job that came before it was known here may be looked at; `helps`: whoever leads a job is to hear that it is helped with */
  constructor(state: GatewayState, commits: LedgerCommits, trouble: EngineTrouble, on: { readonly takeEarly: (job: string) => void; readonly helps: (job: string) => void }) {
    this.#state = state;
    this.claims = new Claims(state, commits);
    this.lending = new HomeLending(state, commits, this.claims, trouble);
    this.guests = new GuestJobs(state, commits, { ...on, left: (job) => this.inlet.outcomes.left(job) });
    this.inlet = new GuestInlet(state, this.guests, this.claims, trouble, (numbers) => this.lending.cameBack(numbers));
  }

  run(): void {
    this.lending.run().catch(() => {});
    this.inlet.run().catch(() => {});
  }

  /** Somebody elsewhere has a block that its driver offers, or its result: nobody here begins it then, for as long as they may take. */
  heldBy(job: GatewayJob, block: Omit<TaskId, "job">, input: string): { readonly heldBy?: string } {
    return this.claims.has(job, block, input) ? { heldBy: this.lending.standIns.before() } : this.lending.heldBy(job, block);
  }

  /** The ledger has decided a task. */
  decided(job: GatewayJob, task: TaskId, { kind }: Committed): void {
    if (job.guest === undefined) this.lending.decided(task, kind === "result");
    else {
      job.guest.decided.add(task);
      this.inlet.outcomes.settle(task);
    }
  }

  /** What is others' to do of what the scheduler wants done. True: nobody here has to do with it. */
  perform(effect: SchedulerEffect): boolean {
    switch (effect.kind) {
      case "lease": return this.lending.lease(effect);
      case "commit": {
        const job = this.#state.jobs.get(effect.task.job);
        if (job?.guest === undefined || (effect.entry.kind === "result" && !endsRun(job, effect.task, effect.entry))) return false;
        this.inlet.outcomes.sentence(job, effect.task, effect.entry);
        return true;
      }
      // Its home gives out the parts.
      case "block-split":
        if (this.#state.jobs.get(effect.task.job)?.guest !== undefined) for (const part of effect.parts) this.inlet.outcomes.withdraw(part);
        return false;
      default: return false;
    }
  }
}
