import { willAnswer, type TaskEntry, type TaskId } from "../../scheduler/index.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";

interface Waiting {
  readonly job: GatewayJob;
  readonly task: TaskId;
  readonly entry: TaskEntry;
}

/** Loading a model may take long, and the others are not to wait for that. */
const longestMs = 30_000;

/**
 * Results of strangers that are stored, and not committed yet: what their columns are to be a trusted machine is about to show. What stands in the ledger can't be taken back, so one
 * stranger who is faster than all others could spoil a job with its first answer.
 */
export class UnvouchedResults {
  readonly #state: GatewayState;
  #waiting: Waiting[] = [];

  constructor(state: GatewayState) {
    this.#state = state;
  }

  /** Whether a result has to wait; if so it is kept until `due`. */
  wait(job: GatewayJob, task: TaskId, entry: TaskEntry, { types }: CheckedResult): boolean {
    const segment = job.segments[task.segment];
    if (segment === undefined || types?.isStranger !== true || segment.types.areVouched || job.guest !== undefined) return false;
    const { clock, loop: { state } } = this.#state;
    segment.unvouchedSince ??= clock.now();
    // Who stands for workers elsewhere never answers here.
    if (clock.now() - segment.unvouchedSince >= longestMs || !willAnswer(state, task, (worker) => worker.joined.volunteer !== true && !state.standIns.has(worker))) return false;
    this.#waiting.push({ job, task, entry });
    return true;
  }

  /** All that wait, to be committed or to wait on. */
  due(): readonly { readonly task: TaskId; readonly entry: TaskEntry }[] {
    const { jobs } = this.#state;
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.filter(({ job }) => jobs.get(job.name) === job && !job.isOver);
  }
}
