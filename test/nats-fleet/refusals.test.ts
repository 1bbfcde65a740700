// What `shoal serve --engine` says when it can't start.
import { pathToFileURL } from "node:url";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { testFolder } from "../fleet/reviews.ts";
import { startShoal, type ProcessOptions } from "../fleet/shoal-process.ts";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { freePorts } from "../nats/free-ports.ts";
import { startNats } from "../nats/start-nats.ts";
import { startGateway } from "./gateway-processes.ts";

interface Refused {
  readonly code: number | null;
  readonly err: string;
}

async function serve(folder: string, args: readonly string[], options: ProcessOptions = {}): Promise<Refused> {
  const process = startShoal(folder, ["serve", ...args], options);
  return { code: await process.code, err: process.err.text() };
}

test("flags that make no sense are told so before anything is opened", { timeout: 120_000 }, async () => {
  const folder = testFolder();
  const engine = ["--engine", "nats://127.0.0.1:1"];
  for (const [args, words, env] of [
    [engine, /--engine is given without --store: [^]*--store with a folder/],
    [[...engine, "--store", "s", "--gateways", "a:1,u:p@b:1"], /as in a:7070,b:7070/],
    [["--gateways", "a:1"], /--gateways has no effect without --engine/],
    [[...engine, "--store", "s", "--gateways", "a/b"], /as in a:7070,b:7070/],
    [[...engine, "--store", "s"], /SHOAL_SECRET is too short/, { SHOAL_SECRET: "x" }],
  ] as readonly (readonly [readonly string[], RegExp, Record<string, string>?])[]) {
    expect({ args, ...(await serve(folder, args, env === undefined ? {} : { env })) }).toMatchObject({ code: 2, err: expect.stringMatching(words) as string });
  }
});

test("without the package it says how to install it", { timeout: 60_000 }, async () => {
  const folder = testFolder();
  // As where it was never installed: nothing else can be missing in a clone.
  writeFileSync(join(folder, "absent.mjs"), `export async function resolve(name, context, next) {
    if (name === "@shoal/engine-nats") throw Object.assign(new Error("Cannot find package '@shoal/engine-nats'"), { code: "ERR_MODULE_NOT_FOUND" });
    return next(name, context);
  }`);
  writeFileSync(join(folder, "without.mjs"), `import { register } from "node:module"; register(${JSON.stringify(pathToFileURL(join(folder, "absent.mjs")).href)});`);
  const refused = await serve(folder, ["--engine", "nats://127.0.0.1:1", "--store", "store"], { env: { NODE_OPTIONS: `--import=${pathToFileURL(join(folder, "without.mjs")).href}` } });
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/missing-library: The package @shoal\/engine-nats[^]*npm install @shoal\/engine-nats/) as string });
});

test("servers that are away are an error, and no endless wait", { timeout: 60_000 }, async () => {
  const [port] = await freePorts(1);
  expect(await serve(testFolder(), ["--engine", `nats://127.0.0.1:${port}`, "--store", "store"])).toMatchObject({ code: 1, err: expect.stringMatching(/engine-unreachable: No NATS server answers at 127\.0\.0\.1:\d+[^]*Start the servers/) as string });
});

describe.skipIf(findNatsServer() === undefined)("on a server", { timeout: 120_000 }, () => {
  test("a wrong password is told apart from a server that is away; the right one comes from the environment", async () => {
    const folder = testFolder();
    const nats = await startNats({ config: `authorization { users: [{ user: gateway, password: right }] }` });
    onTestFinished(() => nats[Symbol.asyncDispose]());
    const as = (password: string): Record<string, string> => ({ SHOAL_ENGINE_USER: "gateway", SHOAL_ENGINE_PASSWORD: password });
    const args = ["--engine", nats.url, "--store", "store", "--replicas", "1"];
    expect(await serve(folder, args, { env: as("wrong") })).toMatchObject({ code: 1, err: expect.stringMatching(/engine-refused: [^]*don't let this user in[^]*password/) as string });
    expect(await serve(folder, args)).toMatchObject({ code: 1, err: expect.stringMatching(/engine-refused: [^]*don't let this user in/) as string });
    const ports = await freePorts(1);
    const { url, links } = await startGateway(folder, "right", ports[0] ?? 0, { engine: nats.url, ports, args: ["--links", "links", "--link-days", "400"], env: as("right") });
    expect(await (await fetch(`${url}healthz`)).text()).toMatch(/^ok\ngateway: right:\d+\nengine: running\n/);
    // For scripts and other containers, and nobody else here.
    for (const [name, link] of Object.entries(links)) expect([readFileSync(join(folder, "links", name), "utf8"), statSync(join(folder, "links", name)).mode & 0o777]).toEqual([`${link}\n`, 0o600]);
    const invites = (await (await fetch(`${url}api/invites`, { headers: { authorization: `Bearer ${links.submit.split("#")[1]}` } })).json()) as { readonly invites: readonly { readonly expiresAt: number }[] };
    for (const { expiresAt } of invites.invites) expect(expiresAt).toBeGreaterThan(Date.now() + 399 * 24 * 3_600_000);
  });

  test("more replicas than servers are told so, with the flag that helps", async () => {
    const nats = await startNats();
    onTestFinished(() => nats[Symbol.asyncDispose]());
    expect(await serve(testFolder(), ["--engine", nats.url, "--store", "store"])).toMatchObject({ code: 1, err: expect.stringMatching(/engine-replicas[^]*--replicas 1/) as string });
  });
});
