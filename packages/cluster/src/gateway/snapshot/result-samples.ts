import { blockRow, ShoalError, type Block, type RowFailure } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import type { TaskId } from "../../scheduler/index.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { changesRowCounts } from "../jobs/placement.ts";
import { sampleValue } from "./sample-value.ts";

const everyMs = 1_000;
const rowsAtOnce = 3;
const kept = 12;
/** Reading larger ones for people would cost more than it is worth. */
const largest = 4 * 2 ** 20;

/** A few finished rows of each job, for people to look at: some of one result a second. */
export class ResultSamples {
  readonly #state: GatewayState;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  /** A result that was checked. What can't be shown, as of a block that its driver wrote wrong, is not, and is nothing to anybody else. */
  see(job: GatewayJob, task: TaskId, payload: Uint8Array, failures: readonly RowFailure[]): void {
    try {
      this.#see(job, task, payload, failures);
    } catch (error) {
      this.#state.log.debug(`Nothing is shown of block ${task.block} of ${job.name}: ${ShoalError.from(error).message}`);
    }
  }

  #see(job: GatewayJob, task: TaskId, payload: Uint8Array, failures: readonly RowFailure[]): void {
    const now = this.#state.clock.now();
    if (now - job.sampledAt < everyMs || payload.byteLength > largest) return;
    job.sampledAt = now;
    const description = job.description.segments[task.segment];
    if (description === undefined) return;
    const result = decodeBlock(payload);
    const given = changesRowCounts(description) ? undefined : this.#input(task);
    const failed = new Set(failures.map(({ row }) => row));
    const rows: Record<string, unknown>[] = [];
    for (let row = 0, done = 0; done < Math.min(result.rows, rowsAtOnce); row++) {
      if (failed.has(row)) continue;
      const values = { ...(given === undefined ? {} : blockRow(given, row)), ...blockRow(result, done++) };
      rows.unshift(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, sampleValue(value)])));
    }
    job.samples = [...rows, ...job.samples].slice(0, kept);
  }

  #input(task: TaskId): Block | undefined {
    const bytes = this.#state.inputs.rowsOf(task);
    return bytes === undefined || bytes.byteLength > largest ? undefined : decodeBlock(bytes);
  }
}
