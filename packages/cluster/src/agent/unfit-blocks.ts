import { ShoalError, type Block } from "@shoal/core";
import { maxPayloadBytes } from "../connection/limits.ts";
import type { HeldResult } from "./held-results.ts";
import { segmentKey, type Leased } from "./lease-queue.ts";
import type { SegmentPool } from "./segment-pool.ts";

/** Its rows are not those that were leased. */
export function otherRows({ task }: Leased, { rows }: Block): ShoalError {
  return new ShoalError("bad-block", `Block ${task.block} of ${segmentKey(task)} came with ${rows} rows where ${task.rows} were leased.`, { failure: "worker-lost", hint: "Run the same version of Shoal on all machines." });
}

/** No connection carries it; of fewer rows it would be smaller. */
export function tooLarge({ segment }: SegmentPool, { message, payload }: HeldResult): ShoalError {
  return new ShoalError("message-too-large", `The result of ${message.rows} rows of ${segment.description.name} is ${payload.byteLength} bytes long, and ${maxPayloadBytes} may be sent.`, {
    failure: "oom", hint: "Make blocks smaller: maxBatchRows, or a batchSize.",
  });
}
