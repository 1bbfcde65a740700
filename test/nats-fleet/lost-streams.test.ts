// What gateways have in common lies in streams that an operator may remove, or a disk lose, while they run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { memoryEngine } from "@shoal/cluster";
import { folderFiles, startCoordinator, type Coordinator } from "@shoal/coordinator";
import { openNatsEngine } from "@shoal/engine-nats";
import { expect, onTestFinished, test } from "vitest";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { startNats } from "../nats/start-nats.ts";

const tokenOf = (link: string): string => link.split("#")[1] ?? "";

test.skipIf(findNatsServer() === undefined)("gateways put back what they have in common: links of one hold at all, also at one that comes later, and what is revoked stays so", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-lost-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const nats = await startNats();
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const { blobs } = memoryEngine();
  const start = async (name: string): Promise<Coordinator> => {
    const engine = await openNatsEngine({ servers: nats.url, replicas: 1, blobs });
    onTestFinished(() => engine.close());
    const coordinator = await startCoordinator({ engine, files: folderFiles(join(folder, "files")), folder: join(folder, name), name });
    onTestFinished(() => coordinator.close());
    return coordinator;
  };
  const [one, two] = [await start("one"), await start("two")];
  const kept = tokenOf(await one.link(["submit"]));
  const revoked = await one.gateway.invite(["submit"]);
  await one.gateway.revoke(revoked.invite.id);

  const connection = await connect({ servers: nats.url });
  onTestFinished(() => connection.close());
  const streams = (await jetstreamManager(connection)).streams;
  const ledgers = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const stream of streams.names("shoal.ledger.>")) names.push(stream);
    return names.sort();
  };
  const before = await ledgers();
  expect(before).toHaveLength(2);
  for (const stream of before) await streams.delete(stream);
  // Made anew, with what was in them.
  await expect.poll(async () => {
    const messages: number[] = [];
    for (const stream of await ledgers()) messages.push((await streams.info(stream)).state.messages);
    return messages.length < 2 ? 0 : Math.min(...messages);
  }, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);

  const three = await start("three");
  const fresh = tokenOf(await three.link(["work"]));
  const api = async ({ url }: Coordinator, token: string): Promise<number> => (await fetch(`${url}api/invites`, { headers: { authorization: `Bearer ${token}` } })).status;
  // Of before, at the new one; and of the new one, at those of before.
  await expect.poll(() => api(three, kept), { timeout: 30_000 }).toBe(200);
  // It lets in, and not to this: 403 and not 401.
  await expect.poll(() => api(one, fresh), { timeout: 30_000 }).toBe(403);
  expect([await api(three, revoked.token), await api(one, revoked.token)]).not.toContain(200);
  // What is said now is heard again.
  const later = await one.gateway.invite(["submit"]);
  await expect.poll(() => two.gateway.invites().some(({ id }) => id === later.invite.id), { timeout: 30_000 }).toBe(true);
  await two.gateway.revoke(later.invite.id);
  await expect.poll(() => one.gateway.invites().find(({ id }) => id === later.invite.id)?.revoked, { timeout: 30_000 }).toBe(true);
});
