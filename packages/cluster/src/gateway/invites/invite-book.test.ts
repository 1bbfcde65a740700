import { expect, test, vi } from "vitest";
import { memoryEngine } from "../../engine/index.ts";
import { systemClock } from "@shoal/core";
import { inviteLedger } from "../own-ledgers.ts";
import { InviteBook } from "./invite-book.ts";

test("what one gateway gives out or revokes holds at all gateways of the engine", async () => {
  const engine = memoryEngine();
  const over = new AbortController();
  const revoked: string[] = [];
  const [here, there] = [1, 2].map(() => new InviteBook({ engine, clock: systemClock, date: Date.now, random: Math.random, secret: new Uint8Array(32).fill(7), signal: over.signal })) as [InviteBook, InviteBook];
  await here.load();
  await there.load();
  void there.follow(over.signal, (id) => revoked.push(id));
  const { token, invite } = await here.invite(["work"]);
  await vi.waitUntil(() => there.allows(token, "work"));
  expect(there.list()).toMatchObject([{ id: invite.id, revoked: false }]);
  await here.revoke(invite.id);
  await vi.waitUntil(() => revoked.length > 0);
  expect([revoked, there.allows(token, "work")]).toEqual([[invite.id], false]);
  over.abort();
});

test("what has run out is known no longer, revoked or not, here and after a restart; what was revoked unknown stays so", async () => {
  const engine = memoryEngine();
  const over = new AbortController();
  let now = 1_700_000_000_000;
  const begin = async (): Promise<InviteBook> => {
    const book = new InviteBook({ engine, clock: systemClock, date: () => now, random: Math.random, secret: new Uint8Array(32).fill(7), signal: over.signal });
    await book.load();
    return book;
  };
  const first = await begin();
  await first.invite(["work"], { ttlMs: 60_000 });
  const short = await first.invite(["submit"], { ttlMs: 60_000 });
  const long = await first.invite(["work"], { ttlMs: 180_000 });
  for (const id of [short.invite.id, long.invite.id, "of an earlier life"]) await first.revoke(id);
  expect(first.list()).toHaveLength(4);
  now += 60_000;
  const left = [{ id: long.invite.id, revoked: true }, { id: "of an earlier life", revoked: true }];
  expect(first.list()).toMatchObject(left);
  const second = await begin();
  expect(second.list()).toMatchObject(left);
  expect([second.allows(short.token, "submit"), second.allows(long.token, "work")]).toEqual([false, false]);
  now += 120_000;
  expect([first.list(), (await begin()).list()]).toMatchObject([[left[1]], [left[1]]]);
});

test("that an invite was used is known after a restart, and at the other gateways", async () => {
  const engine = memoryEngine();
  const over = new AbortController();
  const begin = async (): Promise<InviteBook> => {
    const book = new InviteBook({ engine, clock: systemClock, date: Date.now, random: Math.random, secret: new Uint8Array(32).fill(7), signal: over.signal });
    await book.load();
    return book;
  };
  const come = async (book: InviteBook, name: string, shown: { readonly token: string } | { readonly key: string }): Promise<string> =>
    book.keyFor(name, await book.admit({ kind: "hello", protocol: 1, role: "worker", name, ...shown }, { address: "192.0.2.1" }));
  const written = async (): Promise<number> => {
    let notes = 0;
    for await (const entry of engine.ledger.replay(inviteLedger)) if (entry.kind === "note" && entry.record["kind"] === "used") notes++;
    return notes;
  };
  const used = (book: InviteBook): number[] => book.list().map((invite) => invite.used);
  const [first, other] = [await begin(), await begin()];
  void other.follow(over.signal, () => {});
  const work = await first.invite(["work"]);
  const watch = await first.invite(["observe"]);
  await first.invite(["work"], { volunteer: true });
  const keys = [await come(first, "a", work), await come(first, "b", work)];
  // A page that connects again and again is one use.
  for (let time = 0; time < 3; time++) first.noteUse(watch.token);
  first.noteUse("nobody's");
  expect(used(first)).toEqual([2, 1, 0]);
  await vi.waitUntil(() => used(other).join() === "2,1,0");
  // They come back by their keys: that is no use more.
  const second = await begin();
  await come(second, "a", { key: keys[0] ?? "" });
  expect(used(second)).toEqual([2, 1, 0]);
  await come(second, "c", work);
  expect(used(second)).toEqual([3, 1, 0]);
  await vi.waitUntil(() => used(other).join() === "3,1,0");
  // Whoever makes thousands of workers does not fill the ledger.
  const before = await written();
  for (let time = 0; time < 999; time++) await come(second, `sybil ${time}`, work);
  expect(used(second)).toEqual([1002, 1, 0]);
  await vi.waitUntil(async () => (await written()) >= before + 15 + 5);
  expect(await written()).toBe(before + 15 + 5);
  over.abort();
});

test("a key tells that its invite was used, though nobody wrote it down", async () => {
  const over = new AbortController();
  const begin = (engine = memoryEngine()): InviteBook => new InviteBook({ engine, clock: systemClock, date: Date.now, random: Math.random, secret: new Uint8Array(32).fill(7), signal: over.signal });
  const first = begin();
  const { token } = await first.invite(["work"]);
  const hello = { kind: "hello", protocol: 1, role: "worker", name: "a" } as const;
  const key = await first.keyFor("a", await first.admit({ ...hello, token }, { address: "192.0.2.1" }));
  const second = begin();
  for (let time = 0; time < 2; time++) await second.keyFor("a", await second.admit({ ...hello, key }, { address: "192.0.2.1" }));
  expect(second.list()).toMatchObject([{ used: 1 }]);
  over.abort();
});

test("who is let in as an invite runs out gets no key of this process's own", async () => {
  let now = 1_700_000_000_000;
  const book = new InviteBook({ engine: memoryEngine(), clock: systemClock, date: () => now, random: Math.random, secret: new Uint8Array(32).fill(7), signal: new AbortController().signal });
  const { token } = await book.invite(["work"], { ttlMs: 1_000 });
  const admission = await book.admit({ kind: "hello", protocol: 1, role: "worker", name: "w", token }, { address: "192.0.2.1" });
  now += 1_000;
  book.forgetExpired();
  const key = await book.keyFor("w", admission);
  expect((["submit", "work", "observe"] as const).map((scope) => book.allows(key, scope))).toEqual([false, false, false]);
});

test("an invite that the engine does not decide about is given up when the gateway ends", async () => {
  const { ledger, ...rest } = memoryEngine();
  const over = new AbortController();
  const undecided = { open: (job: string) => ledger.open(job), note: async () => ({ outcome: "undecided" }) } as unknown as typeof ledger;
  const book = new InviteBook({ engine: { ...rest, ledger: undecided }, clock: systemClock, date: Date.now, random: Math.random, secret: new Uint8Array(32), signal: over.signal });
  const [invited, revoked] = [book.invite(["work"]), book.revoke("an invite")];
  over.abort(new Error("closed"));
  await expect(invited).rejects.toThrow("closed");
  await expect(revoked).rejects.toThrow("closed");
});
