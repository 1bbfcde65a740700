import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { startCoordinator } from "@shoal/coordinator";
import { ShoalError } from "@shoal/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { opinions, sentimentSegment, startCoordinatorServer, type CoordinatorServer } from "./coordinator-server.ts";
import { valuesOf } from "./fleet-of-one.ts";
import { attemptOf, until } from "./scripted-gateway.ts";
import { cacheFolder, childrenOf, isAlive, runtimes, startWork } from "./start-work.ts";

async function coordinator(port?: number): Promise<CoordinatorServer> {
  const server = await startCoordinatorServer(port);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

describe.each(runtimes)("shoal work in $name", { timeout: 120_000 }, ({ name, command }) => {
  test("computes with the coordinator's model, drains at Ctrl-C, and is the same worker when it comes again", async () => {
    const server = await coordinator();
    const cache = await cacheFolder();
    const args = [server.link, "--label", "a lent machine", "--cpus", "2", "--device", "cpu", "--json"];
    const { child, finished } = startWork(args, cache, command);
    const connection = await server.connection();
    const { message: hello } = await connection.next("hello");
    expect(hello).toMatchObject({ role: "worker", token: "a-token", worker: { label: "a lent machine", host: "machine", runtime: expect.stringMatching(new RegExp(`^${name} \\d`)) as string, devices: ["cpu"], cpus: 2, runsCode: false } });
    connection.welcome();
    connection.send(sentimentSegment());
    connection.lease({ block: 0, rows: opinions("I loved this film", "The food was terrible"), attempt: 1 }, { block: 1, rows: opinions("a wonderful place"), attempt: 2 });
    const results = [await connection.next("result"), await connection.next("result")] as const;
    const first = results.find(({ message }) => message.attempt.number === 1);
    expect(first?.message).toMatchObject({ attempt: attemptOf(1), rows: 2, failures: [], stats: { device: "cpu" } });
    expect(valuesOf(first?.payload, "label")).toEqual(["POSITIVE", "NEGATIVE"]);
    connection.settle(results[0].message);
    child.kill("SIGINT");
    await connection.next("draining");
    expect(child.exitCode).toBeNull();
    connection.settle(results[1].message);
    const { code, out, err } = await finished;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const events = out.trim().split("\n").map((line) => JSON.parse(line) as { kind: string });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["connected", "job", "loading", "computing", "progress", "draining", "ended"]));
    // The key is for the coordinator alone.
    expect(out).not.toContain("~key");
    // Deno keeps there what it made of our sources, too.
    expect((await readdir(cache, { recursive: true })).filter((path) => path.includes("key") && !/tokenizer|\.ts\.js$/.test(path))).toEqual([]);

    const again = startWork(args, cache, command);
    const { message: helloAgain } = await (await server.connection(2)).next("hello");
    expect(helloAgain.name).toBe(hello.name);
    again.child.kill("SIGKILL");
  });
});

test("a certificate that is not trusted here is not tried again and again: the command says what to do, and with it connects", { timeout: 120_000 }, async () => {
  const cache = await cacheFolder();
  await using coordinator = await startCoordinator({ folder: join(cache, "state"), https: true });
  const certificate = join(cache, "state/certificate.pem");
  expect(coordinator.advice.join("\n")).toContain(`copy ${certificate} there, and put NODE_EXTRA_CA_CERTS=certificate.pem before the command that lends them`);
  const link = await coordinator.link(["work"]);
  const { code, err } = await startWork([link], cache).finished;
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/untrusted-certificate: .*self-signed certificate[^]*NODE_EXTRA_CA_CERTS=certificate\.pem before it/) as string });

  // They hear no reason of their WebSockets.
  for (const { command } of runtimes.slice(1)) {
    const other = await startWork([link], cache, command).finished;
    expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/untrusted-certificate: [^]*NODE_EXTRA_CA_CERTS=certificate\.pem before it/) as string });
  }

  const [node = "", ...args] = runtimes[0]?.command ?? [];
  const trusting = startWork([link], cache, ["env", `NODE_EXTRA_CA_CERTS=${certificate}`, node, ...args]);
  await until(() => trusting.text().includes("Connected to"));
  trusting.child.kill("SIGINT");
  expect(await trusting.finished).toMatchObject({ code: 0 });
});

test("a link that begins with https where http is spoken, or the other way round, is told at once, in each runtime", { timeout: 240_000 }, async () => {
  const cache = await cacheFolder();
  await using plain = await startCoordinator({ folder: join(cache, "plain") });
  await using secure = await startCoordinator({ folder: join(cache, "secure"), https: true });
  const [plainLink, secureLink] = [await plain.link(["work"]), await secure.link(["work"])];
  for (const [link, said, spoken] of [[plainLink.replace("http:", "https:"), "https", "http"], [secureLink.replace("https:", "http:"), "http", "https"]] as const) {
    const { host } = new URL(link);
    for (const { command } of runtimes) {
      const { code, err } = await startWork([link], cache, command).finished;
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`error bad-link: The link begins with ${said}://, and what answers at ${host} speaks ${spoken}.\n  → Let the link begin with ${spoken}://`) as string });
    }
  }
});

test("a worker that is killed leaves no actor behind", { timeout: 120_000 }, async () => {
  const server = await coordinator();
  const cache = await cacheFolder();
  const { child } = startWork([server.link, "--cpus", "1", "--device", "cpu"], cache);
  const connection = await server.connection();
  const { message: hello } = await connection.next("hello");
  connection.welcome();
  connection.send(sentimentSegment());
  connection.lease({ block: 0, rows: opinions("fine"), attempt: 1 });
  await connection.next("result");
  const actors = childrenOf(child.pid ?? 0);
  expect(actors.length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await until(() => actors.every((pid) => !isAlive(pid)));
  await until(() => connection.closed);
  // Its name is free again, and goes to whoever comes next.
  startWork([server.link], cache);
  expect((await (await server.connection(2)).next("hello")).message.name).toBe(hello.name);
});

test("two workers of one machine have two names", { timeout: 120_000 }, async () => {
  const server = await coordinator();
  const cache = await cacheFolder();
  startWork([server.link], cache);
  const { message: one } = await (await server.connection(1)).next("hello");
  startWork([server.link], cache);
  const { message: two } = await (await server.connection(2)).next("hello");
  expect(one.name).not.toBe(two.name);
});

describe("it says", { timeout: 120_000 }, () => {
  test("what is wrong with a link", async () => {
    const cache = await cacheFolder();
    const { code, err } = await startWork(["http://127.0.0.1:8080/"], cache).finished;
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/bad-link.*has no token/s) as string });
    expect((await startWork(["nowhere"], cache).finished).code).toBe(2);
    expect((await startWork(["--device", "gpu", "http://127.0.0.1/#token", "--duty", "2"], cache).finished).code).toBe(2);
  });

  test("that nobody is there, goes on trying, and ends at once when asked", async () => {
    const server = await startCoordinatorServer();
    await server[Symbol.asyncDispose]();
    const { child, finished, text } = startWork([server.link], await cacheFolder());
    await until(() => text().includes("ECONNREFUSED"));
    const again = await coordinator(Number(new URL(server.link).port));
    const connection = await again.connection();
    await connection.next("hello");
    connection.welcome();
    await until(() => text().includes("Connected to a script"));
    child.kill("SIGINT");
    const { code, err } = await finished;
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/can't be reached.*Trying again.*Connected.*Done: 0 rows in 0 blocks/s) as string });
    // Said once, however often it was tried.
    expect(err.match(/ECONNREFUSED/g)).toHaveLength(1);
  });

  test("with --quiet too that nobody is there, once, and nothing else", async () => {
    const server = await startCoordinatorServer();
    await server[Symbol.asyncDispose]();
    const { child, finished, text } = startWork([server.link, "--quiet"], await cacheFolder());
    await until(() => text().includes("ECONNREFUSED"));
    const again = await coordinator(Number(new URL(server.link).port));
    const connection = await again.connection();
    await connection.next("hello");
    connection.welcome();
    child.kill("SIGINT");
    const { code, err } = await finished;
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^The coordinator at \S+ can't be reached: [^\n]*Trying again, as long as it takes\.\n$/) as string });
  });

  test.each([
    ["that its invite was taken back", new ShoalError("invite-revoked", "This invite was revoked.", { hint: "Ask for a new link." })],
    ["which side is too old", new ShoalError("protocol-mismatch", "The coordinator speaks version 2.", { hint: "Update Shoal at the worker." })],
  ])("%s", async (_what, error) => {
    const server = await coordinator();
    const { finished } = startWork([server.link], await cacheFolder());
    const connection = await server.connection();
    await connection.next("hello");
    connection.send({ kind: "bye", error: error.toData(), again: false });
    const { code, err } = await finished;
    expect(code).toBe(1);
    expect(err).toContain(`error ${error.code}: ${error.message}`);
  });

  test("that its job is over, with --once", async () => {
    const server = await coordinator();
    const { finished } = startWork([server.link, "--once", "--cpus", "1", "--device", "cpu"], await cacheFolder());
    const connection = await server.connection();
    connection.welcome();
    connection.send(sentimentSegment());
    connection.lease({ block: 0, rows: opinions("fine", "awful"), attempt: 1 });
    const { message } = await connection.next("result");
    connection.settle(message);
    connection.send({ kind: "job-ended", job: "job" });
    const { code, err } = await finished;
    expect(code).toBe(0);
    expect(err).toMatch(/Job opinions: text-classification\(sentiment\).*its job is over.*Done: 2 rows in 1 block\./s);
  });
});
