import { ShoalError } from "@shoal/core";
import { fromBase64Url, toBase64Url } from "./base64url.ts";
import type { Scope } from "./messages.ts";
import { sameBytes } from "./same-bytes.ts";

/** What a token or a key allows, and whose it is. */
export interface TokenClaims {
  /** Of the invite: 16 random bytes as base64url. What is revoked is told by it. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** It only shows what jobs with `volunteers: true` have. */
  readonly volunteer: boolean;
  /** Milliseconds since 1970; kept to the second. */
  readonly expiresAt: number;
}

/** Makes and reads tokens of invites, and the keys that connections get for them: 52 letters each, signed, not encrypted. */
export interface Tokens {
  /** Sixteen random bytes as an invite's id. */
  newId(): string;
  invite(claims: TokenClaims): Promise<string>;
  /** The claims, or why they don't hold: `bad-token`, `token-expired`. */
  read(token: string, now: number): Promise<TokenClaims | ShoalError>;
  /** For coming again under the same name, and under no other. */
  key(name: string, claims: TokenClaims): Promise<string>;
  /** The same for a key and the name of who shows it. */
  readKey(key: string, name: string, now: number): Promise<TokenClaims | ShoalError>;
}

// version (1), scopes (1), expiry in seconds (5), id (16), signature (16)
const version = 1;
const idBytes = 16;
const signatureBytes = 16;
const claimBytes = 2 + 5 + idBytes;
const bits: Readonly<Record<Scope, number>> = { submit: 1, work: 2, observe: 4 };
const volunteerBit = 8;

/** `secret`: at least 32 random bytes, kept by the coordinator. `random`: fills with bytes that nobody can guess. */
export function createTokens(secret: Uint8Array<ArrayBuffer>, random: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => void crypto.getRandomValues(bytes)): Tokens {
  if (secret.byteLength < 32) throw new ShoalError("bad-option", `A secret of ${secret.byteLength} bytes can be guessed; 32 are needed.`, { hint: "Fill 32 with crypto.getRandomValues, and keep them.", failure: "bug" });
  const hmac = crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // A token shown as a key, or under another name, has another signature.
  const sign = async (purpose: string, claims: Uint8Array): Promise<Uint8Array> => {
    const signed = new TextEncoder().encode(`${purpose}\0${toBase64Url(claims)}`);
    return new Uint8Array(await crypto.subtle.sign("HMAC", await hmac, signed)).subarray(0, signatureBytes);
  };
  const write = async (purpose: string, claims: TokenClaims): Promise<string> => {
    const token = new Uint8Array(claimBytes + signatureBytes);
    writeClaims(token, claims);
    token.set(await sign(purpose, token.subarray(0, claimBytes)), claimBytes);
    return toBase64Url(token);
  };
  const read = async (purpose: string, text: string, now: number): Promise<TokenClaims | ShoalError> => {
    const token = text.length > 100 ? undefined : fromBase64Url(text);
    if (token?.byteLength !== claimBytes + signatureBytes) return badToken();
    const isSigned = sameBytes(token.subarray(claimBytes), await sign(purpose, token.subarray(0, claimBytes)));
    if (!isSigned || token[0] !== version) return badToken();
    const claims = readClaims(token);
    if (claims.expiresAt > now) return claims;
    return new ShoalError("token-expired", `This link ran out at ${new Date(claims.expiresAt).toISOString()}.`, { hint: "Ask whoever runs the coordinator for a new one." });
  };
  const forName = (name: string): string => `shoal key for ${name}`;
  return {
    newId() {
      const id = new Uint8Array(idBytes);
      random(id);
      return toBase64Url(id);
    },
    invite: (claims) => write("shoal invite", claims),
    read: (token, now) => read("shoal invite", token, now),
    key: (name, claims) => write(forName(name), claims),
    readKey: (key, name, now) => read(forName(name), key, now),
  };
}

function badToken(): ShoalError {
  return new ShoalError("bad-token", "This link is not one that the coordinator gave, or a part of it is missing.", { hint: "Copy the whole link, with what stands behind the #; or ask for a new one." });
}

function writeClaims(token: Uint8Array<ArrayBuffer>, { id, scopes, volunteer, expiresAt }: TokenClaims): void {
  const bytes = fromBase64Url(id);
  if (bytes?.byteLength !== idBytes) throw new ShoalError("bad-option", `"${id}" is not the id of an invite.`, { hint: "Use newId()." });
  const seconds = Math.floor(expiresAt / 1000);
  if (!(seconds >= 0 && seconds < 2 ** 40)) throw new ShoalError("bad-option", `An invite can't expire at ${expiresAt}.`, { hint: "Give milliseconds since 1970.", failure: "bug" });
  token[0] = version;
  token[1] = scopes.reduce((sum, scope) => sum | bits[scope], volunteer ? volunteerBit : 0);
  const view = new DataView(token.buffer);
  view.setUint8(2, Math.floor(seconds / 2 ** 32));
  view.setUint32(3, seconds % 2 ** 32);
  token.set(bytes, 7);
}

function readClaims(token: Uint8Array<ArrayBuffer>): TokenClaims {
  const view = new DataView(token.buffer);
  const flags = view.getUint8(1);
  const scopes = (Object.keys(bits) as Scope[]).filter((scope) => (flags & bits[scope]) !== 0);
  return { id: toBase64Url(token.subarray(7, claimBytes)), scopes, volunteer: (flags & volunteerBit) !== 0, expiresAt: (view.getUint8(2) * 2 ** 32 + view.getUint32(3)) * 1000 };
}
