import * as crypto from "node:crypto";

type HashAtOnce = (algorithm: string, bytes: Uint8Array, encoding: "hex") => string;

/** Twice as fast for little bytes, where it is there. */
const { hash } = crypto as { readonly hash?: HashAtOnce };

/** At once, where that takes no longer than handing them to another thread. Undefined: it can't be had at once. */
export const sha256Now: ((bytes: Uint8Array) => string) | undefined =
  hash === undefined ? (bytes) => crypto.createHash("sha256").update(bytes).digest("hex") : (bytes) => hash("sha256", bytes, "hex");

/**
 * The SHA-256 of some bytes, in hex. Here and now: WebCrypto copies the bytes and hands them to another thread, which takes longer than the hash
 * itself: 20 to 60 µs where 4 KB take 3, and more of this thread's time for a MB, too.
 */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return (sha256Now as (bytes: Uint8Array) => string)(bytes);
}
