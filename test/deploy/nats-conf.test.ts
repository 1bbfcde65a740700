// The configuration that people are given, on real servers: replicas, syncs, TLS, and what each user may and may not do.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { memoryEngine, type Engine } from "@shoal/cluster";
import { openNatsEngine } from "@shoal/engine-nats";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { deploy } from "./deploy-files.ts";
import { passwords, startNatsConf, type ConfiguredNodes } from "./start-nats-conf.ts";

const server = findNatsServer();

describe.skipIf(server === undefined)("nats.conf", { timeout: 60_000 }, () => {
  let nodes: ConfiguredNodes;
  beforeAll(async () => void (nodes = await startNatsConf()), 60_000);
  afterAll(() => nodes[Symbol.asyncDispose]());

  const tls = (): { ca: string } => ({ ca: readFileSync(nodes.ca, "utf8") });
  const engineOf = async (user: string, password: string): Promise<Engine> => {
    const engine = await openNatsEngine({ servers: nodes.url, user, password, tls: tls(), blobs: memoryEngine().blobs });
    onTestFinished(() => engine.close());
    return engine;
  };
  const connectAs = async (user: string, pass: string, inboxPrefix?: string): Promise<NatsConnection> => {
    const connection = await connect({ servers: nodes.url.replace("tls://", "").split(","), user, pass, tls: tls(), reconnect: false, ...(inboxPrefix !== undefined && { inboxPrefix }) });
    onTestFinished(() => connection.close());
    return connection;
  };
  /** What the server says to it: a request that may not be sent is never answered. */
  const asks = async (connection: NatsConnection, subject: string, body: object = {}): Promise<"answered" | "refused"> => {
    try {
      await connection.request(subject, JSON.stringify(body), { timeout: 5000 });
      return "answered";
    } catch (error) {
      if (/permissions? violation/i.test(String(error)) || /permissions? violation/i.test(String((error as Error).cause))) return "refused";
      throw error;
    }
  };

  test("is valid as the server sees it, and says what the README says", async () => {
    execFileSync(server ?? "", ["-t", "-c", join(deploy, "nats.conf")], { env: { ...process.env, ...nodes.environment(0) } });
    const varz = (await (await fetch(`http://127.0.0.1:${nodes.monitors[0]}/varz`)).json()) as { max_payload: number; tls_required: boolean; auth_required: boolean; jetstream: { config: { sync_always?: boolean; sync_interval?: number } }; cluster: { urls: readonly string[]; tls_required: boolean; tls_verify: boolean } };
    expect(varz).toMatchObject({ max_payload: 1_048_576, tls_required: true, auth_required: true, jetstream: { config: { sync_always: true } }, cluster: { tls_required: true, tls_verify: true } });
    expect(varz.cluster.urls).toHaveLength(3);
  });

  test("a gateway can do all that the engine's port asks for, on three replicas", async () => {
    const engine = await engineOf("gateway", passwords.SHOAL_GATEWAY_PASSWORD);
    const { ledger, queue, leader } = engine;
    await ledger.open("j1");
    expect(await ledger.commit("j1", "b", { attempt: "1.1" })).toMatchObject({ outcome: "accepted" });
    expect(await ledger.commit("j1", "b", { attempt: "1.2" })).toMatchObject({ outcome: "lost", winner: { attempt: "1.1" } });
    expect(await ledger.committed("j1", "b")).toEqual({ attempt: "1.1" });
    expect(await ledger.note("j1", { a: 1 })).toMatchObject({ outcome: "accepted" });
    const role = await leader.acquire("job j1", 10_000);
    expect(await role.renew()).toBe(true);
    expect(await ledger.append("j1", [{ kind: "opened" }], role)).toMatchObject({ outcome: "accepted" });
    const entries = [];
    for await (const { kind } of ledger.replay("j1")) entries.push(kind);
    expect(entries).toEqual(["commit", "note", "append"]);
    const stop = new AbortController();
    for await (const { kind } of ledger.follow("j1", stop.signal)) if (kind === "append") break;
    stop.abort();
    await role.release();
    expect(await queue.offer({ id: "t1", class: "cpu", priority: 5, body: {} })).toBe("queued");
    const [first] = await queue.pull(["cpu"], 1, 5000);
    await first?.extend();
    await first?.giveBack();
    const [again] = await queue.pull(["cpu"], 1, 5000);
    expect(again?.task.id).toBe("t1");
    await again?.acknowledge();
    expect(await ledger.jobs()).toEqual(["j1"]);
    await ledger.remove("j1");
    expect(await ledger.commit("j1", "c", { attempt: "1.3" })).toEqual({ outcome: "no-ledger" });
  });

  test("a gateway is refused what it has no need of", async () => {
    await engineOf("gateway", passwords.SHOAL_GATEWAY_PASSWORD);
    const connection = await connectAs("gateway", passwords.SHOAL_GATEWAY_PASSWORD);
    expect(await asks(connection, "$JS.API.STREAM.INFO.shoal-queue")).toBe("answered");
    for (const subject of ["$JS.API.STREAM.PURGE.shoal-queue", "$JS.API.STREAM.MSG.DELETE.shoal-register", "$JS.API.STREAM.UPDATE.shoal-queue", "$JS.API.STREAM.SNAPSHOT.shoal-register", "$JS.API.STREAM.RESTORE.other", "$JS.API.STREAM.LEADER.STEPDOWN.shoal-queue", "$JS.API.STREAM.PEER.REMOVE.shoal-queue", "$JS.API.CONSUMER.PAUSE.shoal-queue.cpu-5", "$SYS.REQ.SERVER.PING", "other.subject"]) {
      expect([subject, await asks(connection, subject)]).toEqual([subject, "refused"]);
    }
    for (const subject of ["shoal.>", "$JS.>", ">"]) expect([subject, await hears(connection, subject)]).toEqual([subject, "refused"]);
  });

  test("an observer sees how streams stand, and neither what is in them nor what others are answered", async () => {
    await engineOf("gateway", passwords.SHOAL_GATEWAY_PASSWORD);
    const connection = await connectAs("observer", passwords.SHOAL_OBSERVER_PASSWORD, "_INBOX.doctor");
    for (const subject of ["$JS.API.INFO", "$JS.API.STREAM.INFO.shoal-register", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES"]) expect([subject, await asks(connection, subject)]).toEqual([subject, "answered"]);
    for (const subject of ["$JS.API.STREAM.MSG.GET.shoal-register", "$JS.API.DIRECT.GET.shoal-register", "$JS.API.CONSUMER.CREATE.shoal-register", "$JS.API.CONSUMER.MSG.NEXT.shoal-queue.cpu-5", "$JS.API.STREAM.CREATE.mine", "$JS.API.STREAM.DELETE.shoal-queue", "shoal.register.job.x", "shoal.task.cpu.5.x", "$JS.ACK.x"]) {
      expect([subject, await asks(connection, subject)]).toEqual([subject, "refused"]);
    }
    for (const subject of ["_INBOX.>", "shoal.>", ">"]) expect([subject, await hears(connection, subject)]).toEqual([subject, "refused"]);
  });

  test("nobody comes in by a wrong password, without one, or without TLS that is known", async () => {
    await expect(connectAs("gateway", "wrong")).rejects.toThrow(/authorization/i);
    await expect(openNatsEngine({ servers: nodes.url, user: "gateway", password: "wrong", tls: tls(), blobs: memoryEngine().blobs })).rejects.toMatchObject({ code: "engine-refused" });
    await expect(openNatsEngine({ servers: nodes.url, tls: tls(), blobs: memoryEngine().blobs })).rejects.toMatchObject({ code: "engine-refused" });
    await expect(openNatsEngine({ servers: nodes.url, user: "gateway", password: passwords.SHOAL_GATEWAY_PASSWORD, blobs: memoryEngine().blobs })).rejects.toMatchObject({ code: "engine-unreachable", message: expect.stringMatching(/certificate/) as string });
  });
});

/** Whether it may listen: what the server has against that, it says before it answers the next ping. */
async function hears(connection: NatsConnection, subject: string): Promise<"heard" | "refused"> {
  let isRefused = false;
  connection.subscribe(subject, { callback: (error) => void (isRefused ||= error !== null) });
  await connection.flush();
  return isRefused ? "refused" : "heard";
}
