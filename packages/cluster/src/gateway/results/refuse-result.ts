import type { ShoalError } from "@shoal/core";
import type { ResultMessage } from "../../connection/messages.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import { strikeWorker } from "../workers/strike-worker.ts";
import type { WorkerLink } from "../workers/worker-link.ts";
import { badResult } from "./check-result.ts";

/** Its worker was never leased the block: nobody's attempt has failed, and what it says costs it a strike. @param isReplayed the ledger has decided the block, so that it does no harm */
export function refuseForeign(state: GatewayState, link: WorkerLink, job: GatewayJob, { task, attempt }: ResultMessage, isReplayed: boolean): void {
  link.send({ kind: "refuse", task, attempt });
  state.log.warn(`${link.record.label}: it sent a result of block ${task.block} of ${job.name}, which it was never leased (attempt ${attempt.epoch}.${attempt.number}).`);
  job.segments[task.segment]?.refused.add(link.record.label, "the block was never leased to it.", state.clock.now());
  strikeWorker(state, link, isReplayed ? "replayed-result" : "forged-result", `block ${task.block} of ${job.name} was never leased to it`);
}

/** What it says of its columns a trusted machine has refuted, while it waited to be committed. */
export function refuseUnvouched(state: GatewayState, job: GatewayJob, { task, attempt, worker }: CheckedResult, fault: string): void {
  const record = state.workers.get(worker);
  record?.failed(fault);
  job.segments[task.segment]?.refused.add(record?.label ?? worker, fault, state.clock.now());
  state.log.warn(`${record?.label ?? worker}: its result of block ${task.block} is refused: ${fault} The block runs elsewhere.`);
  record?.link?.send({ kind: "refuse", task, attempt });
  if (record?.link !== undefined) strikeWorker(state, record.link, "bad-result", fault);
}

/** What is wrong with a result costs that attempt, and its worker a strike. */
export function refuseResult(state: GatewayState, link: WorkerLink, { task, attempt }: ResultMessage, error: ShoalError): void {
  const { connection } = link;
  if (error.code === "unconfirmed-failure") {
    state.loop.tell({ kind: "failed", connection, task, attempt, failure: "worker-lost", error: error.toData(), unconfirmed: true });
    return link.send({ kind: "refuse", task, attempt });
  }
  const bad = error.code === "bad-result" ? error : badResult(`It can't be read: ${error.toData().message}`, error);
  const { message, details } = bad.toData();
  link.record.failed(message);
  state.jobs.get(task.job)?.segments[task.segment]?.refused.add(link.record.label, message, state.clock.now());
  state.log.warn(`${link.record.label}: its result of block ${task.block} is refused: ${message} The block runs elsewhere.`);
  // Not a bug, which would end the job, nor the row's fault, as long as there are others who may do better.
  state.loop.tell({ kind: "failed", connection, task, attempt, failure: "worker-lost", error: { ...bad.toData(), failure: "worker-lost" }, badResult: true });
  link.send({ kind: "refuse", task, attempt });
  // That time was up is no sign of ill will: this machine may be busy. One who does it again and again keeps others waiting.
  if (state.closing.aborted || (details?.["late"] === true && link.record.isLateFirst(state.clock.now()))) return state.refusals.count("bad-result");
  strikeWorker(state, link, "bad-result", message);
}
