import { isAllMissing, isAllNaN, ShoalError, type Block, type PredictorSpec } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import type { ResultMessage } from "../../connection/messages.ts";
import { sha256Of } from "../../engine/index.ts";

/** What a result has to be. */
export interface ResultExpectation {
  /** Rows that it says it has. */
  readonly rows: number;
  /** That its worker gives for its bytes, in hex: the check holds them to it. Absent: it says none. */
  readonly sha256?: string;
  /** The check is to say their SHA-256. */
  readonly asksSha256?: boolean;
  /** The columns of the answer, where they are known: these and no others. */
  readonly columns?: readonly string[];
  /** Columns of the input may come back, and what they hold is not the worker's doing; nor is what a predictor of one's own gives. */
  readonly anyValues: boolean;
}

export function expectationOf(spec: PredictorSpec, { rows, sha256 }: Pick<ResultMessage, "rows" | "sha256">, asksSha256: boolean): ResultExpectation {
  const said = { rows, ...(sha256 !== undefined && { sha256 }), ...(asksSha256 && { asksSha256 }) };
  return spec.kind === "declarative" ? { ...said, columns: spec.adds, anyValues: false } : { ...said, anyValues: true };
}

/** Bytes that passed. */
export interface CheckedBytes {
  readonly bytes: Uint8Array;
  /** Theirs, in hex: where it was said, or asked for. */
  readonly sha256?: string | undefined;
}

/**
 * Whether bytes are a result at all, and those of the SHA-256 that their worker says, where it says one: nobody else looks at that. Where it is asked for, the check says what it is. They may come from strangers: reading them may throw, or take for ever until the signal aborts.
 * They are the check's until it is through: it may move their buffer to another thread, and then gives them back. `begun` is called when they begin to be read: the time that this takes
 * counts from then on, however long they waited behind others.
 * @throws what is wrong with them
 */
export type CheckResult = (bytes: Uint8Array, expectation: ResultExpectation, signal: AbortSignal, begun: () => void) => Promise<CheckedBytes>;

/** Reads them in this thread: which hostile bytes could keep busy. */
export const checkResultHere: CheckResult = async (bytes, expectation) => {
  const { sha256, asksSha256 = false } = expectation;
  const actual = sha256 !== undefined || asksSha256 ? await sha256Of(bytes as Uint8Array<ArrayBuffer>) : undefined;
  if (sha256 !== undefined && actual !== sha256) throw badResult("Its bytes are not those of its SHA-256.");
  checkBlock(decodeBlock(bytes), expectation);
  return { bytes, sha256: actual };
};

/** @throws `bad-result` */
export function checkBlock(block: Block, { rows, columns, anyValues }: Omit<ResultExpectation, "sha256" | "asksSha256">): void {
  if (block.rows !== rows) throw badResult(`It has ${block.rows} rows, and is said to have ${rows}.`);
  for (const [name, column] of Object.entries(block.columns)) {
    if (column.length !== rows) throw badResult(`Column "${name}" has ${column.length} values for ${rows} rows.`);
    if (rows === 0 || anyValues) continue;
    if (isAllNaN(column)) throw badResult(`Column "${name}" holds nothing but NaN.`);
    if (isAllMissing(column)) throw badResult(`Column "${name}" holds no value at all.`);
  }
  if (columns === undefined || rows === 0) return;
  const missing = columns.find((name) => !Object.hasOwn(block.columns, name));
  if (missing !== undefined) throw badResult(`Column "${missing}" is missing.`);
  const other = Object.keys(block.columns).find((name) => !columns.includes(name));
  if (other !== undefined) throw badResult(`Column "${other}" was not asked for.`);
}

export function badResult(message: string, cause?: unknown, details?: { readonly late: true }): ShoalError {
  return new ShoalError("bad-result", message, { ...(details !== undefined && { details }), ...(cause !== undefined && { cause }), failure: "worker-lost", hint: "If every worker's results are like this, run the job on one machine to see what its predictor gives." });
}
