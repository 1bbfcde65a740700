import { seededRandom } from "@shoal/testing";

/** The bytes that every process of a test knows by this number. */
export function blobOf(number: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(number);
  return Uint8Array.from({ length: random.between(1, 30_000) }, () => random.between(0, 255));
}
