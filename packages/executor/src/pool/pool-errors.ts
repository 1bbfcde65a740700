import { ShoalError, type Actor, type PredictorSpec } from "@shoal/core";
import { sourceOfRow } from "../errors/row-errors.ts";
import type { Piece } from "./retry.ts";

export function tooSlow({ spec, timeoutMs }: { readonly spec: PredictorSpec; readonly timeoutMs?: number }, { id, progress }: Actor): ShoalError {
  const { rows } = progress;
  return new ShoalError("timeout", `Predictor "${spec.name}" took longer than ${timeoutMs} ms over ${rows === undefined ? "a batch" : `rows ${rows[0]}–${rows[1]} of a block`} (${id}).`, {
    failure: "timeout",
    hint: "Raise timeoutMs, or make the batches smaller.",
    details: { timeoutMs, actor: id },
  });
}

/** @param batch rows of the piece that the last actor had on the device. */
export function keepDying(name: string, times: number, cause: ShoalError, piece?: Piece, batch?: readonly [number, number]): ShoalError {
  const over = piece === undefined ? "" : ` over ${rowsOf(piece, batch)}`;
  return new ShoalError("actors-keep-dying", `${times} actors of "${name}" in a row were lost before one finished a block; the last${over}: ${cause.toData().message}`, {
    cause,
    failure: "worker-lost",
    hint: "Try one actor on a few rows (limit) and another device; when memory is short, lower concurrency or maxBatchRows.",
  });
}

function rowsOf({ block, first }: Piece, batch: readonly [number, number] = [0, block.rows - 1]): string {
  const [from, to] = batch[1] < block.rows ? batch : [0, block.rows - 1];
  const source = sourceOfRow(block, from);
  const rows = from === to ? `row ${first + from} of a block` : `rows ${first + from}–${first + to} of a block`;
  return source === undefined ? rows : `${rows} (from ${source})`;
}

export function stateLost(name: string, cause: ShoalError): ShoalError {
  return new ShoalError("worker-lost", `The actor of "${name}" was lost, and its state with it: ${cause.toData().message}`, {
    cause,
    failure: "worker-lost",
    hint: "A stateful predictor can't go on from the middle; run the job again.",
  });
}
