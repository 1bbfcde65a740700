import type { Sha256 } from "../decode-thread-messages.ts";

/** By WebCrypto, which pages that came over plain http lack. */
export const webSha256: Sha256 = async (bytes) => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
};
