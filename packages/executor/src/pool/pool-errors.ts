import { ShoalError, type Actor, type PredictorSpec } from "@shoal/core";

export function tooSlow({ spec, timeoutMs }: { readonly spec: PredictorSpec; readonly timeoutMs?: number }, { id, progress }: Actor): ShoalError {
  const { rows } = progress;
  return new ShoalError("timeout", `Predictor "${spec.name}" took longer than ${timeoutMs} ms over ${rows === undefined ? "a batch" : `rows ${rows[0]}–${rows[1]} of a block`} (${id}).`, {
    failure: "timeout",
    hint: "Raise timeoutMs, or make the batches smaller.",
    details: { timeoutMs, actor: id },
  });
}

export function keepDying(name: string, times: number, cause: ShoalError): ShoalError {
  return new ShoalError("actors-keep-dying", `${times} actors of "${name}" in a row were lost before one finished a block; the last: ${cause.toData().message}`, {
    cause,
    failure: "worker-lost",
    hint: "Try one actor on a few rows (limit) and another device; when memory is short, lower concurrency or maxBatchRows.",
  });
}

export function stateLost(name: string, cause: ShoalError): ShoalError {
  return new ShoalError("worker-lost", `The actor of "${name}" was lost, and its state with it: ${cause.toData().message}`, {
    cause,
    failure: "worker-lost",
    hint: "A stateful predictor can't go on from the middle; run the job again.",
  });
}
