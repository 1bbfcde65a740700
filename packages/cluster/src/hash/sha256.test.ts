import { expect, test } from "vitest";
import { sha256Of as nodeSha256 } from "./sha256-node.ts";
import { plainSha256, sha256Of } from "./sha256-web.ts";

test.each([0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 4097, 300_000])("%i bytes have the SHA-256 that WebCrypto gives", async (length) => {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + 7) % 256);
  const plain = Array.from(plainSha256(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(plain).toBe(await sha256Of(bytes));
  expect(plain).toBe(await nodeSha256(bytes));
});

test("a part of a buffer is hashed for itself", () => {
  const bytes = new TextEncoder().encode("..abc..");
  expect(Array.from(plainSha256(bytes.subarray(2, 5)).subarray(0, 4))).toEqual([0xba, 0x78, 0x16, 0xbf]);
});
