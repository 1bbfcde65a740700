import { describe, expect, it } from "vitest";
import { likeliest, penalizeRepetition, sample } from "./choose-token.ts";
import { randomKey, uniform } from "./random.ts";

const draws = 20_000;
const key = randomKey([1, 2, 3]);

/** How often each token is drawn. */
function shares(logits: number[], sampling: Parameters<typeof sample>[1]): number[] {
  const counts = logits.map(() => 0);
  for (let step = 0; step < draws; step++) {
    const token = sample(Float32Array.from(logits), sampling, uniform(key, step));
    counts[token] = (counts[token] as number) + 1;
  }
  return counts.map((count) => count / draws);
}

function softmax(logits: number[], temperature = 1): number[] {
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  return weights.map((weight) => weight / weights.reduce((sum, each) => sum + each, 0));
}

/** The largest difference. */
function apart(actual: number[], expected: number[]): number {
  return Math.max(...actual.map((share, id) => Math.abs(share - (expected[id] as number))));
}

describe("sampling", () => {
  const logits = [2, 1, 0, -1, 1.5];

  it("draws by probability, at its temperature", () => {
    expect(apart(shares(logits, { temperature: 1 }), softmax(logits))).toBeLessThan(0.015);
    expect(apart(shares(logits, { temperature: 0.5 }), softmax(logits, 0.5))).toBeLessThan(0.015);
  });

  it("keeps the likeliest few, those that tie included", () => {
    expect(apart(shares(logits, { temperature: 1, topK: 2 }), [...softmax([2, 1.5]).slice(0, 1), 0, 0, 0, ...softmax([2, 1.5]).slice(1)])).toBeLessThan(0.015);
    expect(apart(shares([1, 1, 1, 0], { temperature: 1, topK: 2 }), [1 / 3, 1 / 3, 1 / 3, 0])).toBeLessThan(0.015);
  });

  it("keeps the fewest that reach a probability", () => {
    const all = softmax(logits);
    const reached = (all[0] as number) + (all[4] as number);
    const [first, second] = softmax([2, 1.5]) as [number, number];
    expect(apart(shares(logits, { temperature: 1, topP: reached - 0.01 }), [first, 0, 0, 0, second])).toBeLessThan(0.015);
    expect(apart(shares(logits, { temperature: 1, topP: reached + 0.01 }).map((share) => Number(share > 0)), [1, 1, 0, 0, 1])).toBeLessThan(0.015);
    expect(apart(shares(logits, { temperature: 1, topP: 1e-9 }), [1, 0, 0, 0, 0])).toBeLessThan(0.015);
  });

  it("never draws what is forbidden", () => {
    expect(shares([-Infinity, 0, -Infinity, 0], { temperature: 2, topP: 0.99 }).map((share) => share > 0)).toEqual([false, true, false, true]);
  });

  it("tells that a logit is not a number", () => {
    expect(sample(Float32Array.of(1, NaN), { temperature: 1 }, 0.5)).toBe(-1);
    expect(likeliest(Float32Array.of(1, 3, NaN, 2))).toBe(-1);
  });
});

it("the likeliest of equals is the first", () => {
  expect(likeliest(Float32Array.of(-2, 5, 1, 5))).toBe(1);
});

it("a repetition penalty divides positive and multiplies negative logits, once", () => {
  const logits = Float32Array.of(2, -2, 4, 1);
  penalizeRepetition(logits, [0, 1, 1, 0, 9], 2);
  expect([...logits]).toEqual([1, -4, 4, 1]);
});

it("random numbers depend on every number of the key and on the step, and are even", () => {
  const seen = new Set<number>();
  const buckets = new Array<number>(10).fill(0);
  for (const numbers of [[0], [1], [0, 0], [0, 1], [1, 0], [-1], [0, -1, 0]]) {
    for (let step = 0; step < 2000; step++) {
      const value = uniform(randomKey(numbers), step);
      seen.add(value);
      buckets[Math.floor(value * 10)] = (buckets[Math.floor(value * 10)] as number) + 1;
    }
  }
  expect(seen.size).toBe(7 * 2000);
  for (const count of buckets) expect(Math.abs(count - 1400)).toBeLessThan(150);
});
