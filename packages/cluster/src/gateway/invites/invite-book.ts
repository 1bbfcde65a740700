import { ShoalError, type Clock, type JsonObject } from "@shoal/core";
import type { Hello, Scope } from "../../connection/messages.ts";
import { createTokens, type TokenClaims, type Tokens } from "../../connection/tokens.ts";
import { noteInLedger, type Engine, type LedgerEntry } from "../../engine/index.ts";
import type { Origin } from "../gateway.ts";
import { inviteLedger } from "../own-ledgers.ts";
import type { Invite } from "../snapshot/snapshot.ts";

const dayMs = 24 * 3_600_000;
const followAgainMs = 1_000;
/** Keys that are known without their holder having come again. */
const mostKeys = 100_000;

/** Each use is written down up to so many, and then only every doubling: who has a link could make as many as they like. */
const eachUse = 16;

/** When something ends that was revoked here and not known here: it is never forgotten. */
const endUnknown = 0;

interface KnownInvite {
  readonly claims: TokenClaims;
  revoked: boolean;
  /** How often somebody came in by it, by the life of a gateway. */
  readonly uses: Map<string, number>;
}

/** How a connection was let in. */
export interface Admission {
  /** Of this process: it needs no invite. */
  readonly trusted: boolean;
  readonly volunteer: boolean;
  /** Absent for the trusted. */
  readonly invite?: string;
  /** By a key, which is bound to its name. */
  readonly byKey: boolean;
}

export interface InviteBookParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly date: () => number;
  readonly random: () => number;
  /** What tokens and keys are signed with. */
  readonly secret: Uint8Array;
  /** The end of the gateway: nothing is tried again after it. */
  readonly signal: AbortSignal;
}

interface KnownClaims {
  readonly claims: TokenClaims;
  /** Of a key of this process's own connections: good for files by HTTP as long as it lives, and for nobody who comes from outside. */
  readonly isOwn: boolean;
}

/**
 * Who may come in, and for what. Tokens and keys say it themselves, signed; what was given out and what was revoked is written down in the engine,
 * so that it holds after a restart.
 */
export class InviteBook {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #date: () => number;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  readonly #tokens: Tokens;
  /** Those that have not run out. */
  readonly #invites = new Map<string, KnownInvite>();
  /** Tokens and keys that are known to be good but for their time and for what was revoked; those used last stand last. */
  readonly #known = new Map<string, KnownClaims>();
  /** What of the ledger has been read. */
  #seq = -1;
  /** Of this process among all that count uses. */
  readonly #life: string;

  constructor({ engine, clock, date, random, secret, signal }: InviteBookParts) {
    this.#engine = engine;
    this.#clock = clock;
    this.#date = date;
    this.#random = random;
    this.#signal = signal;
    this.#tokens = createTokens(new Uint8Array(secret));
    this.#life = this.#tokens.newId();
  }

  /** Reads what earlier lives, and other gateways, gave out and revoked. */
  async load(): Promise<void> {
    await this.#engine.ledger.open(inviteLedger);
    for await (const entry of this.#engine.ledger.replay(inviteLedger)) await this.#read(entry);
    this.forgetExpired();
  }

  /** Hears what other gateways of this engine give out and revoke, until the signal says so. */
  async follow(signal: AbortSignal, onRevoked: (invite: string) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const entry of this.#engine.ledger.follow(inviteLedger, signal, this.#seq + 1)) {
          const revoked = await this.#read(entry);
          if (revoked !== undefined) onRevoked(revoked);
        }
        if (!signal.aborted) await this.#begin();
      } catch {
        // The engine can't be asked now; what it has written meanwhile is read then.
      }
      await this.#clock.sleep(followAgainMs, signal).catch(() => {});
    }
  }

  /** The ledger was taken, by an operator or with a disk: in a new one places begin anew, and what was given out and revoked has to stand there for those that come. */
  async #begin(): Promise<void> {
    const { ledger } = this.#engine;
    await ledger.open(inviteLedger);
    const there = new Set<unknown>();
    let last = 0;
    for await (const entry of ledger.replay(inviteLedger)) {
      last = entry.seq;
      if (entry.kind === "note") there.add(keyOf(entry.record));
    }
    this.#seq = Math.min(this.#seq, last);
    for (const { claims, revoked, uses } of this.#invites.values()) {
      const isGood = claims.expiresAt > this.#date();
      const records: JsonObject[] = [
        ...(isGood ? [{ kind: "invite", ...claims }] : []),
        ...(revoked ? [revocation(claims)] : []),
        ...(isGood ? [...uses].map(([by, times]) => use(claims, by, times)) : []),
      ];
      for (const record of records) if (!there.has(keyOf(record))) await this.#note(record);
    }
  }

  /** Gives the id of an invite that is revoked. */
  async #read(entry: LedgerEntry): Promise<string | undefined> {
    this.#seq = Math.max(this.#seq, entry.seq);
    if (entry.kind !== "note") return undefined;
    const { kind, id, scopes, volunteer, expiresAt, by, times } = entry.record as { kind?: string; id?: string; scopes?: Scope[]; volunteer?: boolean; expiresAt?: number; by?: string; times?: number };
    if (id === undefined) return undefined;
    const hasEnded = expiresAt !== undefined && expiresAt <= this.#date();
    if (kind === "invite" && scopes !== undefined && expiresAt !== undefined) {
      const claims: TokenClaims = { id, scopes, volunteer: volunteer === true, expiresAt };
      // One that has ended is known until all is read: that it was revoked may follow.
      if (hasEnded) this.#invites.set(id, { claims, revoked: false, uses: new Map() });
      else await this.#add(claims);
    }
    if (kind === "used" && by !== undefined && by !== this.#life && times !== undefined) this.#readUse(id, by, times);
    if (kind !== "revoked") return undefined;
    if (!hasEnded) this.#revoke(id, expiresAt);
    return id;
  }

  /** Those sent twice may come out of turn. */
  #readUse(id: string, by: string, times: number): void {
    const uses = this.#invites.get(id)?.uses;
    uses?.set(by, Math.max(uses.get(by) ?? 0, times));
  }

  async invite(scopes: readonly Scope[], { volunteer = false, ttlMs = dayMs }: { readonly volunteer?: boolean; readonly ttlMs?: number } = {}): Promise<{ readonly token: string; readonly invite: Invite }> {
    const claims: TokenClaims = { id: this.#tokens.newId(), scopes, volunteer, expiresAt: Math.floor((this.#date() + ttlMs) / 1000) * 1000 };
    await this.#note({ kind: "invite", ...claims });
    const token = await this.#add(claims);
    return { token, invite: this.#view(claims.id) as Invite };
  }

  /** What has run out lets nobody in, and is not shown any more. Called about once a second. */
  forgetExpired(): void {
    const now = this.#date();
    for (const [id, { claims: { expiresAt } }] of this.#invites) if (expiresAt <= now && expiresAt !== endUnknown) this.#invites.delete(id);
  }

  /** Those that have not run out. */
  list(): readonly Invite[] {
    this.forgetExpired();
    return [...this.#invites.keys()].map((id) => this.#view(id) as Invite);
  }

  /** It, and the keys that were given for it, let nobody in any more. Durable when it resolves. */
  async revoke(id: string): Promise<void> {
    await this.#note(revocation(this.#revoke(id)));
  }

  allows(credential: string, scope: Scope): boolean {
    const known = this.#known.get(credential);
    if (known === undefined) return false;
    // What is in use is not forgotten for those that came later.
    this.#know(credential, known);
    const { claims, isOwn } = known;
    return claims.scopes.includes(scope) && (claims.expiresAt > this.#date() || isOwn) && this.#invites.get(claims.id)?.revoked !== true;
  }

  /** @throws `token-missing`, `bad-token`, `token-expired`, `invite-revoked`, `not-allowed` */
  async admit({ role, token, key, name }: Hello, origin: Origin): Promise<Admission> {
    if (origin.address === undefined) return { trusted: true, volunteer: false, byKey: false };
    const { claims, byKey } = await this.#claims(token, key, name);
    const scope: Scope = role === "driver" ? "submit" : "work";
    if (this.#invites.get(claims.id)?.revoked === true) throw new ShoalError("invite-revoked", "This link was revoked.", { hint: "Ask whoever runs the coordinator for a new one." });
    if (!claims.scopes.includes(scope)) {
      throw new ShoalError("not-allowed", `This link does not allow ${scope === "submit" ? "bringing jobs" : "working"}: it is for ${claims.scopes.join(", ") || "nothing"}.`, { hint: `Use the link that the coordinator prints beside "${scope === "submit" ? "Bring a job" : "Lend a machine"}", or ask for one that allows "${scope}".` });
    }
    return { trusted: false, volunteer: claims.volunteer, invite: claims.id, byKey };
  }

  /** Somebody came by it for pages alone. However often that is, it is known to be in use. */
  noteUse(token: string): void {
    const known = this.#invites.get(this.#known.get(token)?.claims.id ?? "");
    if (known !== undefined && usesOf(known) === 0) this.#used(known);
  }

  /** What lets the same name in again; and counts the invite as used. */
  async keyFor(name: string, { invite, byKey }: Admission): Promise<string> {
    const known = invite === undefined ? undefined : this.#invites.get(invite);
    // Who is within this process came without one, and may want files by HTTP.
    const claims = known?.claims ?? this.#ownClaims();
    // Who has a key came by the invite once, though that may not have been written down.
    if (known !== undefined && (!byKey || usesOf(known) === 0)) this.#used(known);
    const key = await this.#tokens.key(name, claims);
    this.#know(key, { claims, isOwn: invite === undefined });
    return key;
  }

  #used({ claims, uses }: KnownInvite): void {
    const times = (uses.get(this.#life) ?? 0) + 1;
    uses.set(this.#life, times);
    // Nobody waits for it; what is not written when the gateway ends is not known after it.
    if (times <= eachUse || Number.isInteger(Math.log2(times))) void this.#note(use(claims, this.#life, times)).catch(() => {});
  }

  /** They have run out as they are given: whoever shows the key at the door is not let in by it. */
  #ownClaims(): TokenClaims {
    return { id: this.#tokens.newId(), scopes: ["submit", "work", "observe"], volunteer: false, expiresAt: Math.floor(this.#date() / 1000) * 1000 };
  }

  async #claims(token: string | undefined, key: string | undefined, name: string): Promise<{ readonly claims: TokenClaims; readonly byKey: boolean }> {
    const now = this.#date();
    const byKey = key === undefined ? undefined : await this.#tokens.readKey(key, name, now);
    const claims = token === undefined || (byKey !== undefined && !ShoalError.is(byKey)) ? byKey : await this.#tokens.read(token, now);
    if (claims === undefined) throw new ShoalError("token-missing", "This coordinator lets in only who has a link.", { hint: "Use the whole link, with what stands behind the #." });
    if (ShoalError.is(claims)) throw claims;
    // One that is signed was given out, though it may have been by a life that could not write it down any more.
    if (!this.#invites.has(claims.id)) this.#invites.set(claims.id, { claims, revoked: false, uses: new Map() });
    this.#know(claims === byKey ? (key as string) : (token as string), { claims, isOwn: false });
    return { claims, byKey: claims === byKey };
  }

  async #add(claims: TokenClaims): Promise<string> {
    const token = await this.#tokens.invite(claims);
    const known = this.#invites.get(claims.id);
    this.#invites.set(claims.id, { claims, revoked: known?.revoked ?? false, uses: known?.uses ?? new Map() });
    this.#know(token, { claims, isOwn: false });
    return token;
  }

  #know(credential: string, known: KnownClaims): void {
    this.#known.delete(credential);
    this.#known.set(credential, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKeys && oldest !== undefined) this.#known.delete(oldest);
  }

  #revoke(id: string, expiresAt = endUnknown): TokenClaims {
    const invite = this.#invites.get(id);
    const claims = invite?.claims ?? { id, scopes: [], volunteer: false, expiresAt };
    this.#invites.set(id, { claims, revoked: true, uses: invite?.uses ?? new Map() });
    return claims;
  }

  #view(id: string): Invite | undefined {
    const invite = this.#invites.get(id);
    return invite && { id, scopes: invite.claims.scopes, volunteer: invite.claims.volunteer, expiresAt: invite.claims.expiresAt, revoked: invite.revoked, used: usesOf(invite) };
  }

  /** @throws the reason of the gateway's end */
  async #note(record: JsonObject): Promise<void> {
    await noteInLedger(this.#engine.ledger, inviteLedger, record, { clock: this.#clock, random: this.#random, signal: this.#signal });
  }
}

/** It says when the invite ends, where that is known: from then on it need not be known. */
function revocation({ id, expiresAt }: TokenClaims): JsonObject {
  return { kind: "revoked", id, ...(expiresAt !== endUnknown && { expiresAt }) };
}

function use({ id, expiresAt }: TokenClaims, by: string, times: number): JsonObject {
  return { kind: "used", id, by, times, expiresAt };
}

function usesOf({ uses }: KnownInvite): number {
  return [...uses.values()].reduce((sum, times) => sum + times, 0);
}

/** What a record is about: of several with one key the last counts. */
function keyOf({ kind, id, by }: JsonObject): string {
  return `${String(kind)} ${String(id)} ${String(by ?? "")}`;
}
