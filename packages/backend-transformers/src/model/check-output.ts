import { ShoalError, type OnnxSession } from "@shoal/core";

/**
 * Results that are not numbers, or nothing but zeros as a lost GPU hands them back, are errors (law 9).
 * @param data the same count of numbers for each row.
 * @param who names the predictor, `what` the output.
 * @param mayBeZero of which rows zeros are right; of none when not given.
 * @throws `not-a-number` (`row`), `zero-output` (`device-lost` on a GPU, otherwise `row`), naming the rows of the batch
 */
export function checkOutput(data: Float32Array, rows: number, session: Pick<OnnxSession, "device">, who: string, what: string, mayBeZero?: (row: number) => boolean): void {
  const perRow = data.length / Math.max(1, rows);
  const where = (isBad: (data: Float32Array, start: number, end: number) => boolean): number[] => {
    const bad: number[] = [];
    for (let row = 0; row < rows; row++) if (isBad(data, row * perRow, (row + 1) * perRow)) bad.push(row);
    return bad;
  };
  const odd = where(hasNaN);
  if (odd.length > 0) throw notANumber(who, `the model's "${what}" is not a number for ${formatRows(odd)} of a batch of ${rows}`, odd);
  const zero = perRow > 1 ? where(isZero).filter((row) => mayBeZero?.(row) !== true) : [];
  if (zero.length > 0) throw zeroOutput(session, who, `the model's "${what}" is nothing but zeros for ${formatRows(zero)} of a batch of ${rows}`, zero);
}

/** A plain loop: over whole hidden states a callback for each number is what an encoder's own thread spends most time on. */
function hasNaN(data: Float32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (Number.isNaN(data[at])) return true;
  return false;
}

function isZero(data: Float32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (data[at] !== 0) return false;
  return true;
}

export function notANumber(who: string, what: string, rows: readonly number[]): ShoalError {
  return new ShoalError("not-a-number", `${who}: ${what}.`, {
    failure: "row", hint: `Load the model with dtype "fp32", or on another device: float16 overflows in some models, and a lost GPU hands back garbage.`, details: { rows },
  });
}

export function zeroOutput({ device }: Pick<OnnxSession, "device">, who: string, what: string, rows: readonly number[]): ShoalError {
  return new ShoalError("zero-output", `${who}: ${what} (device ${device}).`, {
    failure: /^(cpu|wasm)/.test(device) ? "row" : "device-lost",
    hint: "Run it on another device: a lost GPU hands back zeros. If it stays so, the model's file is damaged.", details: { rows },
  });
}

/** `row 3`, `rows 0, 1, 2, 3, 4 and 9 more`. */
function formatRows(rows: readonly number[]): string {
  return `${rows.length === 1 ? "row" : "rows"} ${rows.slice(0, 5).join(", ")}${rows.length > 5 ? ` and ${rows.length - 5} more` : ""}`;
}
