import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { createTokens, type TokenClaims } from "./tokens.ts";

const secret = new Uint8Array(32).fill(7);
const tokens = createTokens(secret);
const claims: TokenClaims = { id: tokens.newId(), scopes: ["submit", "work"], volunteer: true, expiresAt: 1_900_000_000_000 };
const now = 1_800_000_000_000;

const codeOf = (read: TokenClaims | ShoalError): string | undefined => (ShoalError.is(read) ? read.code : undefined);

test("an invite says what it allows, in few letters", async () => {
  const token = await tokens.invite(claims);
  expect(token).toMatch(/^[\w-]{52}$/);
  expect(await tokens.read(token, now)).toEqual(claims);
  expect(await createTokens(secret.slice()).read(token, now)).toEqual(claims);
  const other = { ...claims, scopes: ["observe"] as const, volunteer: false };
  expect(await tokens.read(await tokens.invite(other), now)).toEqual(other);
});

test("it ends when its time has come", async () => {
  const token = await tokens.invite(claims);
  expect(codeOf(await tokens.read(token, claims.expiresAt - 1))).toBe(undefined);
  expect(codeOf(await tokens.read(token, claims.expiresAt))).toBe("token-expired");
});

test("altered, cut, lengthened and forged ones are refused, wherever they differ", async () => {
  const token = await tokens.invite(claims);
  for (let at = 0; at < token.length; at++) {
    for (const letter of ["A", "B", "-", "=", " ", "ä"].filter((one) => one !== token[at])) {
      expect(codeOf(await tokens.read(token.slice(0, at) + letter + token.slice(at + 1), now)), `letter ${at}`).toBe("bad-token");
    }
    expect(codeOf(await tokens.read(token.slice(0, at), now))).toBe("bad-token");
  }
  for (const wrong of [`${token}A`, `${token}AAAA`, `${token}=`, "A".repeat(52), "A".repeat(1e6), token.toUpperCase()]) expect(codeOf(await tokens.read(wrong, now))).toBe("bad-token");
  expect(codeOf(await createTokens(new Uint8Array(32).fill(8)).read(token, now))).toBe("bad-token");
});

test("a key holds for its name alone, and is no invite", async () => {
  const key = await tokens.key("laptop", claims);
  expect(await tokens.readKey(key, "laptop", now)).toEqual(claims);
  expect(codeOf(await tokens.readKey(key, "desktop", now))).toBe("bad-token");
  expect(codeOf(await tokens.readKey(key, "", now))).toBe("bad-token");
  expect(codeOf(await tokens.read(key, now))).toBe("bad-token");
  expect(codeOf(await tokens.readKey(await tokens.invite(claims), "laptop", now))).toBe("bad-token");
  expect(codeOf(await tokens.readKey(key, "laptop", claims.expiresAt))).toBe("token-expired");
});

test("what can't be an invite is said at once", async () => {
  await expect(tokens.invite({ ...claims, id: "short" })).rejects.toMatchObject({ code: "bad-option" });
  await expect(tokens.invite({ ...claims, expiresAt: Infinity })).rejects.toMatchObject({ code: "bad-option" });
  expect(() => createTokens(new Uint8Array(8))).toThrow(/can be guessed/);
  expect(new Set(Array.from({ length: 100 }, () => tokens.newId())).size).toBe(100);
});
