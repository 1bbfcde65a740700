import { ShoalError } from "@shoal/core";
import type { ResultMessage, SegmentDescription } from "../../connection/messages.ts";
import { couldDo, whoElse } from "../../scheduler/index.ts";
import type { GatewayState } from "../gateway-state.ts";
import { failJob } from "../jobs/end-job.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import { changesRowCounts } from "../jobs/placement.ts";
import type { WorkerLink } from "../workers/worker-link.ts";
import { kindsOf, type TypesDiffer } from "./answer-types.ts";
import { badResult } from "./check-result.ts";

/** What its message alone shows: that the numbers of rows can't be right. */
export function doubtCounts(segment: SegmentDescription, { task, rows, failures }: ResultMessage): ShoalError | undefined {
  if (failures.length > 0 && (new Set(failures.map(({ row }) => row)).size !== failures.length || failures.some(({ row }) => row >= task.rows))) return badResult("Its failures name rows twice, or rows that the task does not have.");
  if (!changesRowCounts(segment) && rows + failures.length !== task.rows) return badResult(`It has ${rows} rows and ${failures.length} failures for a task of ${task.rows} rows.`);
  return undefined;
}

/**
 * What one result alone can't show: that others of its segment look otherwise, or that a stranger's word is not enough.
 * @returns of what its columns are, where that has to be the same for all
 * @throws `bad-result`, `unconfirmed-failure`
 */
export function doubtResult(state: GatewayState, link: WorkerLink, job: GatewayJob, message: ResultMessage, payload: Uint8Array): CheckedResult["types"] {
  const { task, rows, failures } = message;
  const isStranger = link.joined.volunteer === true;
  const segment = rows === 0 || job.description.segments[task.segment]?.plan.spec.kind !== "declarative" ? undefined : job.segments[task.segment];
  const kinds = segment && kindsOf(segment.answers.typesOf(payload));
  if (segment !== undefined && kinds !== undefined) {
    const judged = segment.types.judge(kinds, { name: link.record.name, isStranger }, (workers) => couldDo(state.loop.state, task, ({ name }) => workers.has(name)));
    if (judged.verdict === "fault") throw badResult(judged.fault);
    if (judged.verdict === "differ") throw typesDiffer(state, link, job, task.segment, judged.differ);
  }
  if (isStranger && failures.length > 0 && !counts(state, link, job, message)) throw unconfirmed(message);
  return kinds && { kinds, isStranger };
}

/** One of two is wrong, nobody can say which, and what the other gave stands in the ledger for good: the job ends. */
function typesDiffer(state: GatewayState, link: WorkerLink, job: GatewayJob, segment: number, { column, kind, usual, says }: TypesDiffer): ShoalError {
  const other = state.workers.get(says)?.label ?? says;
  const error = new ShoalError("types-differ", `Column "${column}" of ${job.description.segments[segment]?.name ?? "a segment"} is of type ${kind} as ${link.record.label} computes it, and of type ${usual} in results of ${other}, some of which are in the output already.`, {
    failure: "bug",
    hint: `One of the two is wrong: look at their versions of Shoal, and who they are. Leave that one out, and run the job from its start (without --resume).`,
    details: { column, types: [kind, usual], workers: [link.record.name, says] },
  });
  failJob(state, job, error.toData());
  return error;
}

/** Whether rows that a volunteer could not do count as such. */
function counts({ loop: { state } }: GatewayState, link: WorkerLink, job: GatewayJob, { task, failures }: ResultMessage): boolean {
  return job.told.count(task, link.record.name, failures.map(({ row }) => row), whoElse(state, task, state.connections.get(link.connection)));
}

function unconfirmed({ failures: [first] }: ResultMessage): ShoalError {
  return new ShoalError("unconfirmed-failure", `A volunteer says of a row that it can't be done (${first?.error.message ?? "without a reason"}), and nobody else has said so yet.`, { failure: "worker-lost", hint: "Another worker is asked." });
}
