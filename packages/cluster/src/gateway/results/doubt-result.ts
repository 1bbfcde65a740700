import { ShoalError } from "@shoal/core";
import type { ResultMessage, SegmentDescription } from "../../connection/messages.ts";
import { whoElse } from "../../scheduler/index.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import { changesRowCounts } from "../jobs/placement.ts";
import type { WorkerLink } from "../workers/worker-link.ts";
import { badResult } from "./check-result.ts";

/** What its message alone shows: that the numbers of rows can't be right. */
export function doubtCounts(segment: SegmentDescription, { task, rows, failures }: ResultMessage): ShoalError | undefined {
  if (failures.length > 0 && (new Set(failures.map(({ row }) => row)).size !== failures.length || failures.some(({ row }) => row >= task.rows))) return badResult("Its failures name rows twice, or rows that the task does not have.");
  if (!changesRowCounts(segment) && rows + failures.length !== task.rows) return badResult(`It has ${rows} rows and ${failures.length} failures for a task of ${task.rows} rows.`);
  return undefined;
}

/**
 * What one result alone can't show: that others of its segment look otherwise, or that a stranger's word is not enough.
 * @throws `bad-result`, `unconfirmed-failure`
 */
export function doubtResult(state: GatewayState, link: WorkerLink, job: GatewayJob, message: ResultMessage, payload: Uint8Array): void {
  const { task, rows, failures } = message;
  const isStranger = link.joined.volunteer === true;
  const segment = rows === 0 || job.description.segments[task.segment]?.plan.spec.kind !== "declarative" ? undefined : job.segments[task.segment];
  const fault = segment?.types.fault(segment.answers.typesOf(payload), link.record.name, isStranger);
  if (fault !== undefined) throw badResult(fault);
  if (isStranger && failures.length > 0 && !counts(state, link, job, message)) throw unconfirmed(message);
}

/** Whether rows that a volunteer could not do count as such. */
function counts({ loop: { state } }: GatewayState, link: WorkerLink, job: GatewayJob, { task, failures }: ResultMessage): boolean {
  return job.told.count(task, link.record.name, failures.map(({ row }) => row), whoElse(state, task, state.connections.get(link.connection)));
}

function unconfirmed({ failures: [first] }: ResultMessage): ShoalError {
  return new ShoalError("unconfirmed-failure", `A volunteer says of a row that it can't be done (${first?.error.message ?? "without a reason"}), and nobody else has said so yet.`, { failure: "worker-lost", hint: "Another worker is asked." });
}
