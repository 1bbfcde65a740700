import type { ErrorData } from "@shoal/core";
import * as v from "valibot";
import { blockNumber, count, details, id, list, printable, rows, text } from "./parts.ts";

/** The longest texts of an error that travels. */
export const errorTexts = { code: 128, message: 16_384, hint: 4_096, stack: 16_384 } as const;

export const failureClass = v.picklist(["row", "oom", "device-lost", "worker-lost", "timeout", "bug", "aborted"]);

export const errorData: v.GenericSchema<unknown, ErrorData> = v.object({
  code: text(errorTexts.code),
  message: printable(errorTexts.message),
  hint: v.exactOptional(printable(errorTexts.hint)),
  failure: v.exactOptional(failureClass),
  details: v.exactOptional(details),
  stack: v.exactOptional(text(errorTexts.stack)),
  cause: v.exactOptional(v.lazy(() => errorData)),
});

const rowFailure = v.object({ row: rows, error: errorData, attempts: count });
export const rowFailures = list(rowFailure, 100_000);

export const attemptId = v.object({ epoch: count, number: count });
export const taskId = v.object({ job: id, segment: count, block: blockNumber, first: rows, rows });
