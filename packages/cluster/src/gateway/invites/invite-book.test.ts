import { expect, test, vi } from "vitest";
import { memoryEngine } from "../../engine/index.ts";
import { systemClock } from "@shoal/core";
import { InviteBook } from "./invite-book.ts";

test("what one gateway gives out or revokes holds at all gateways of the engine", async () => {
  const engine = memoryEngine();
  const over = new AbortController();
  const revoked: string[] = [];
  const [here, there] = [1, 2].map(() => new InviteBook(engine, systemClock, Date.now, new Uint8Array(32).fill(7), over.signal)) as [InviteBook, InviteBook];
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

test("an invite that the engine does not decide about is given up when the gateway ends", async () => {
  const { ledger, ...rest } = memoryEngine();
  const over = new AbortController();
  const undecided = { open: (job: string) => ledger.open(job), note: async () => ({ outcome: "undecided" }) } as unknown as typeof ledger;
  const book = new InviteBook({ ...rest, ledger: undecided }, systemClock, Date.now, new Uint8Array(32), over.signal);
  const [invited, revoked] = [book.invite(["work"]), book.revoke("an invite")];
  over.abort(new Error("closed"));
  await expect(invited).rejects.toThrow("closed");
  await expect(revoked).rejects.toThrow("closed");
});
