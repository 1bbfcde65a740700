/** How a token is drawn; without it the likeliest one is taken. */
export interface Sampling {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
}

/** The likeliest token, the first of equals; -1 where a logit is not a number. */
export function likeliest(logits: Float32Array): number {
  let best = 0;
  let bestLogit = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit > bestLogit) {
      best = id;
      bestLogit = logit;
    } else if (Number.isNaN(logit)) {
      return -1;
    }
  }
  return best;
}

/** Divides positive and multiplies negative logits of the given tokens, once each. */
export function penalizeRepetition(logits: Float32Array, ids: Iterable<number>, penalty: number): void {
  for (const id of new Set(ids)) {
    const logit = logits[id];
    if (logit !== undefined) logits[id] = logit < 0 ? logit * penalty : logit / penalty;
  }
}

/**
 * A token drawn by its probability, in the order of Hugging Face's warpers: temperature, then `topK`, then `topP`.
 * @param random in [0, 1).
 * @returns -1 where a logit is not a number.
 */
export function sample(logits: Float32Array, sampling: Sampling, random: number): number {
  const best = likeliest(logits);
  if (best < 0) return best;
  const candidates = topP(topK(logits, sampling.topK), logits, sampling);
  const scale = 1 / sampling.temperature;
  const highest = logits[best] as number;
  const weights = Float64Array.from(candidates, (id) => Math.exp(((logits[id] as number) - highest) * scale));
  let remaining = random * weights.reduce((sum, weight) => sum + weight, 0);
  for (let at = 0; at < weights.length; at++) {
    remaining -= weights[at] as number;
    if (remaining < 0) return candidates[at] as number;
  }
  return best;
}

/** The ids of the `k` highest logits and of those equal to the lowest of them; all ids without `k`. */
function topK(logits: Float32Array, k = logits.length): Int32Array {
  const ids = Int32Array.from(logits, (_, id) => id);
  if (k >= logits.length) return ids;
  const threshold = logits.toSorted()[logits.length - k] as number;
  return ids.filter((id) => (logits[id] as number) >= threshold);
}

/** The fewest likeliest candidates that together reach the probability, likeliest first. */
function topP(candidates: Int32Array, logits: Float32Array, { topP: probability = 1, temperature }: Sampling): Int32Array {
  if (probability >= 1) return candidates;
  const sorted = candidates.toSorted((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  const highest = logits[sorted[0] as number] as number;
  const weights = Float64Array.from(sorted, (id) => Math.exp(((logits[id] as number) - highest) / temperature));
  const wanted = probability * weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  const count = weights.findIndex((weight) => (reached += weight) >= wanted);
  return count < 0 ? sorted : sorted.subarray(0, count + 1);
}
