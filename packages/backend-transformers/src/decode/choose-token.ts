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
export function sample(logits: Float32Array, { temperature, topK, topP = 1 }: Sampling, random: number): number {
  const best = likeliest(logits);
  if (best < 0) return best;
  const highest = logits[best] as number;
  const least = topK === undefined || topK >= logits.length ? -Infinity : kthHighest(logits, topK);
  const ids: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit < least || logit === -Infinity) continue;
    const weight = Math.exp((logit - highest) / temperature);
    ids.push(id);
    weights.push(weight);
    total += weight;
  }
  return topP >= 1 ? draw(ids, weights, random * total, best) : drawFromNucleus(ids, weights, total, topP, random, best);
}

function draw(ids: readonly number[], weights: readonly number[], point: number, otherwise: number): number {
  let remaining = point;
  for (let at = 0; at < ids.length; at++) {
    remaining -= weights[at] as number;
    if (remaining < 0) return ids[at] as number;
  }
  return otherwise;
}

/** Draws from the fewest likeliest tokens that together have the probability. */
function drawFromNucleus(ids: readonly number[], weights: readonly number[], total: number, topP: number, random: number, otherwise: number): number {
  // All tokens below this together have less than 1 − topP: none of them is needed, and few are left to sort.
  const negligible = ((1 - topP) * total) / ids.length;
  const order = ids.map((_, at) => at).filter((at) => (weights[at] as number) >= negligible);
  order.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  let mass = 0;
  const count = order.findIndex((at) => (mass += weights[at] as number) >= topP * total) + 1;
  const nucleus = count === 0 ? order : order.slice(0, count);
  return draw(nucleus.map((at) => ids[at] as number), nucleus.map((at) => weights[at] as number), random * mass, otherwise);
}

/** The `k`-th highest number. */
function kthHighest(numbers: Float32Array, k: number): number {
  const best = new Float64Array(k).fill(-Infinity);
  for (const number of numbers) {
    if (number <= (best[k - 1] as number)) continue;
    let at = k - 1;
    for (; at > 0 && (best[at - 1] as number) < number; at--) best[at] = best[at - 1] as number;
    best[at] = number;
  }
  return best[k - 1] as number;
}
