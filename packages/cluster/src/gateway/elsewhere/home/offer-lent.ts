import { storedDescription } from "../../jobs/store-description.ts";
import type { GatewayState } from "../../gateway-state.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import { roleOf } from "../job-roles.ts";
import { loansOf } from "../loan.ts";
import type { Lent } from "./stand-in.ts";
import type { LentInputs } from "./lent-inputs.ts";

/** What is lent at once is cut so that each gateway which wants something may take so many loans. */
const loansEach = 4;

/**
 * Rows among the blobs first, then the tasks into the queue.
 * @param again the name that the loan of these went by: should the queue still have it, it is not there twice
 */
export async function offerLent(state: GatewayState, inputs: LentInputs, job: GatewayJob, lent: readonly Lent[], again?: string): Promise<void> {
  const { engine, loop, log, name, date } = state;
  const [first] = lent;
  if (first === undefined) return;
  const description = await storedDescription(state, job, roleOf(job.name));
  await Promise.all(lent.map((one) => inputs.store(one)));
  const { task: { segment }, className } = first;
  const most = again === undefined ? Math.ceil(lent.length / (loansEach * Math.max(1, first.standIn.wants.size))) : lent.length;
  let named = 0;
  for (const loan of loansOf({ job: job.name, description, segment, home: loop.epoch, by: name, at: date(), tasks: lent }, className, job.spec.priority, most)) {
    const id = again ?? loan.id;
    const { tasks } = loan.body;
    if (Array.isArray(tasks)) for (const one of lent.slice(named, (named += tasks.length))) one.sentAs = id;
    if ((await engine.queue.offer({ ...loan, id })) === "full") log.debug(`The queue has no room for tasks of ${job.name}.`);
  }
}
