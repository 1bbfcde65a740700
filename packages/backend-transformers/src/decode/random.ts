/** 64 bits of a hash, as two numbers of 32. */
export type RandomKey = readonly [number, number];

/** The key of one sequence's random numbers: the same for the same numbers, however rows are batched. */
export function randomKey(numbers: Iterable<number>): RandomKey {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const number of numbers) {
    a = mix(a ^ number);
    b = mix(Math.imul(b, 31) + number + 0x9e3779b9);
  }
  return [a >>> 0, b >>> 0];
}

/** A number in [0, 1) with 53 random bits: the `step`-th of a key. */
export function uniform(key: RandomKey, step: number): number {
  const high = mix(mix(key[0] ^ Math.imul(step + 1, 0x9e3779b9)) ^ key[1]);
  const low = mix(mix(key[1] ^ Math.imul(step + 1, 0x85ebca6b)) ^ high);
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
