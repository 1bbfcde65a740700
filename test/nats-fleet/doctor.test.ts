// `shoal doctor --engine … --store …`: what it says of what is right, and of what is wrong.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { memoryEngine } from "@shoal/cluster";
import { openNatsEngine } from "@shoal/engine-nats";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { passwords, startNatsConf, type ConfiguredNodes } from "../deploy/start-nats-conf.ts";
import { testFolder } from "../fleet/reviews.ts";
import { startShoal } from "../fleet/shoal-process.ts";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { freePorts } from "../nats/free-ports.ts";
import { startNats, type NatsCluster, type NatsClusterOptions } from "../nats/start-nats.ts";
import { findS3Server } from "../stores/find-s3-server.ts";
import { startS3Server } from "../stores/start-s3-server.ts";


/** As the command takes them. */
interface EngineDoctorFlags {
  readonly engine?: string;
  readonly engineCa?: string;
  readonly engineMonitors?: readonly string[];
  readonly engineLook?: true;
  readonly replicas?: number;
  readonly store?: string;
  readonly json?: true;
}

// What the command calls, by its path: a process for each of these would take most of the time.
const { doctorEngine } = (await import(new URL("../../packages/shoal/src/cli/doctor-engine.ts", import.meta.url).href)) as { doctorEngine: (flags: EngineDoctorFlags, environment: Readonly<Record<string, string>>, write: (text: string) => void) => Promise<boolean> };

async function examine(flags: EngineDoctorFlags, environment: Record<string, string> = {}): Promise<{ readonly ok: boolean; readonly text: string }> {
  let text = "";
  const ok = await doctorEngine(flags, environment, (part) => (text += part));
  return { ok, text };
}

async function nats(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const cluster = await startNats(options);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

describe.skipIf(findNatsServer() === undefined)("on the nodes that nats.conf describes", { timeout: 120_000 }, () => {
  let nodes: ConfiguredNodes;
  beforeAll(async () => void (nodes = await startNatsConf()), 60_000);
  afterAll(() => nodes[Symbol.asyncDispose]());
  const asUser = (user: "gateway" | "observer"): Record<string, string> => ({ SHOAL_ENGINE_USER: user, SHOAL_ENGINE_PASSWORD: user === "gateway" ? passwords.SHOAL_GATEWAY_PASSWORD : passwords.SHOAL_OBSERVER_PASSWORD });
  const flags = (): EngineDoctorFlags => ({ engine: nodes.url, engineCa: nodes.ca, engineMonitors: nodes.monitors.map((port) => `http://127.0.0.1:${port}`) });

  test("the command says that nothing is wrong, and ends with 0", async () => {
    const folder = testFolder();
    const { engine = "", engineCa = "", engineMonitors = [] } = flags();
    const doctor = startShoal(folder, ["doctor", "--engine", engine, "--engine-ca", engineCa, "--engine-monitors", engineMonitors.join(","), "--store", "store"], { env: asUser("gateway") });
    expect({ code: await doctor.code, out: doctor.out.text(), err: doctor.err.text() }).toMatchObject({ code: 0, err: "" });
    const out = doctor.out.text();
    expect(out.match(/^server .* nats-server 2\.\S+, in the cluster shoal of 3, syncs every write$/gm)).toHaveLength(3);
    expect(out).toMatch(/^floor {5}nats-server 2\.15\.1: older ones/m);
    expect(out).toMatch(/^replicas {2}3 of each stream: possible$/m);
    expect(out).not.toMatch(/^(may not|not tried|problem)/m);
    expect(out.match(/^may {6} /gm)?.length).toBeGreaterThan(10);
    expect(out).toMatch(/^store {5}\S+store reachable, writable, and refuses a second write of what is there$/m);
    expect(out).toMatch(/Nothing is wrong\.\n$/);
  });

  test("streams of a running engine are told, with what has all of them; as JSON too; it leaves nothing behind", async () => {
    const engine = await openNatsEngine({ servers: nodes.url, user: "gateway", password: passwords.SHOAL_GATEWAY_PASSWORD, tls: { caFile: nodes.ca }, blobs: memoryEngine().blobs });
    onTestFinished(() => engine.close());
    await engine.ledger.open("a job");
    // A stream that has just been made is on all servers a moment later.
    await vi.waitFor(async () => {
      const { ok, text } = await examine(flags(), asUser("gateway"));
      expect(text).toMatch(/^stream {4}shoal-queue: 0 messages, 0 bytes, led by node-\d, 3 of 3 replicas have all of it, as asked for$/m);
      expect(text).toMatch(/^ledgers {3}1 of 1,000 live/m);
      expect({ ok, text }).toMatchObject({ ok: true });
    }, { timeout: 30_000 });
    const json = JSON.parse((await examine({ ...flags(), json: true }, asUser("gateway"))).text) as { ok: boolean; engine: { ledgers: object; servers: readonly object[]; problems: readonly object[]; streams: readonly { name: string }[] } };
    expect(json).toMatchObject({ ok: true, engine: { ledgers: { live: 1 }, problems: [], servers: [{ syncMs: "always" }, { syncMs: "always" }, { syncMs: "always" }] } });
    expect(json.engine.streams).toHaveLength(3);
    await engine.ledger.remove("a job");
  });

  test("an observer may look, and is told what it may not when it tries", async () => {
    const looked = await examine({ ...flags(), engineLook: true }, asUser("observer"));
    expect(looked).toMatchObject({ ok: true, text: expect.stringMatching(/^may {7}not tried$[^]*^stream {4}shoal-queue[^]*Nothing is wrong/m) as string });
    const tried = await examine(flags(), asUser("observer"));
    expect(tried).toMatchObject({ ok: false, text: expect.stringMatching(/^may not {3}make a stream$[^]*^problem {3}engine-refused: [^]*things are wrong/m) as string });
  });

  test("a wrong password is said once, and not as servers that are away", async () => {
    const { ok, text } = await examine(flags(), { SHOAL_ENGINE_USER: "gateway", SHOAL_ENGINE_PASSWORD: "wrong" });
    expect({ ok, text }).toMatchObject({ ok: false, text: expect.stringMatching(/lets this user in by no means[^]*engine-refused: [^]*don't let this user in[^]*One thing is wrong/) as string });
    expect(text).not.toContain("does not answer");
  });
});

describe.skipIf(findNatsServer() === undefined)("what is wrong is said with what to do", { timeout: 120_000 }, () => {
  test("servers that are away: by the command, which ends with 1", async () => {
    const [port] = await freePorts(1);
    const doctor = startShoal(testFolder(), ["doctor", "--engine", `nats://127.0.0.1:${port}`]);
    expect(await doctor.code).toBe(1);
    expect(doctor.out.text()).toMatch(/server {4}127\.0\.0\.1:\d+ does not answer[^]*problem {3}engine-unreachable[^]*Start the servers/);
  });

  test("one server where three are wanted, that syncs when it pleases", async () => {
    const cluster = await nats({ sync: "default" });
    const flags = { engine: cluster.url, engineMonitors: cluster.monitors };
    const { ok, text } = await examine(flags);
    expect({ ok, text }).toMatchObject({ ok: false, text: expect.stringMatching(/engine-unsynced[^]*sync_interval: always[^]*engine-replicas[^]*2 things are wrong/) as string });
    expect((await examine({ ...flags, replicas: 1 })).text).toMatch(/engine-unsynced[^]*One thing is wrong/);
  });

  test("a stream that was made otherwise", async () => {
    const cluster = await nats();
    const connection = await connect({ servers: cluster.urls[0] ?? "" });
    onTestFinished(() => connection.close());
    await (await jetstreamManager(connection)).streams.add({ name: "shoal-queue", subjects: ["shoal.task.>"], retention: "workqueue", discard: "old" });
    const { ok, text } = await examine({ engine: cluster.url, engineMonitors: cluster.monitors, replicas: 1 });
    expect({ ok, text }).toMatchObject({ ok: false, text: expect.stringMatching(/stream {4}shoal-queue: [^]*discard is "old", "new" was asked for[^]*problem {3}engine-config/) as string });
  });

  test("a user who may not make streams", async () => {
    const cluster = await nats({ config: 'authorization { users: [{ user: u, password: p, permissions { publish { allow: ["$JS.API.INFO", "$JS.API.STREAM.NAMES"] }, subscribe: ">" } }] }' });
    const { ok, text } = await examine({ engine: cluster.url, engineMonitors: cluster.monitors, replicas: 1 }, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p" });
    expect({ ok, text }).toMatchObject({ ok: false, text: expect.stringMatching(/may {7}list streams\nmay not {3}make a stream\nnot tried write into it/) as string });
  });
});

test("a store that can't be used is a problem too, and needs no engine", async () => {
  const folder = testFolder();
  writeFileSync(join(folder, "file"), "");
  expect(await examine({ store: join(folder, "file") })).toMatchObject({ ok: false, text: expect.stringMatching(/store {5}\S+file can't be used\nproblem/) as string });
  expect(await examine({ store: join(folder, "store") })).toMatchObject({ ok: true, text: expect.stringMatching(/gives back what was stored\nNothing is wrong/) as string });
  // Again on what it left.
  expect(await examine({ store: join(folder, "store") })).toMatchObject({ ok: true });
});

const s3 = findS3Server();

test.skipIf(s3 === undefined)("a real S3-compatible store is tried by presigned addresses too; one that is away is told from one that lets nobody in", { timeout: 60_000 }, async () => {
  await using server = await startS3Server(s3 ?? "");
  const store = "s3://shoal/doctor";
  expect(await examine({ store }, server.environment)).toMatchObject({ ok: true, text: expect.stringMatching(/store {5}s3:\/\/shoal\/doctor[^]*second write[^]*gives back[^]*presigned addresses\nNothing is wrong/) as string });
  expect(await examine({ store: "s3://absent/doctor" }, server.environment)).toMatchObject({ ok: false, text: expect.stringMatching(/problem {3}store-missing/) as string });
  expect(await examine({ store }, { ...server.environment, AWS_SECRET_ACCESS_KEY: "wrong" })).toMatchObject({ ok: false, text: expect.stringMatching(/problem {3}store-refused/) as string });
  const [port] = await freePorts(1);
  expect(await examine({ store }, { ...server.environment, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })).toMatchObject({ ok: false, text: expect.stringMatching(/problem {3}store-unreachable/) as string });
});
