import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { securityHeaders, startCoordinator } from "@shoal/coordinator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { bearer } from "./served.ts";

const run = promisify(execFile);
const tokenOf = (link: string): string => link.split("#")[1] ?? "";
const fixture = fileURLToPath(new URL("./fixtures/start.ts", import.meta.url));
const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-coordinator-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly link: string;
  readonly port: number;
}

const runtimes = {
  node: () => [process.execPath, "--conditions=@shoal/source", `--import=${loader}`, fixture],
  bun: () => commandOf("bun"),
  deno: () => commandOf("deno"),
};

function commandOf(name: "bun" | "deno"): readonly string[] | undefined {
  const runtime = findRuntime(name);
  return runtime && [runtime.path, ...runtime.command(fixture, "@shoal/source")];
}

describe.each(["node", "bun", "deno"] as const)("in %s", (name) => {
  const command = runtimes[name]();

  test.skipIf(command === undefined).each(["http", "https"])("%s: pages, WebSockets and invites work, and a restart on the same folder keeps link and port", { timeout: 60_000 }, async (protocol) => {
    const start = async (): Promise<Seen> => {
      const [path = "", ...args] = command ?? [];
      const { stdout } = await run(path, [...args, join(folder, `${name}-${protocol}`), protocol]);
      return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Seen;
    };
    const first = await start();
    expect(first).toMatchObject({
      health: 200, csp: securityHeaders["content-security-policy"], welcome: { name: "desk", hasKey: true }, refused: ["not-allowed", "bad-token"],
      link: expect.stringMatching(new RegExp(`^${protocol}://127\\.0\\.0\\.1:\\d+/#[\\w-]{40,}$`)) as string,
    });
    expect(await start()).toEqual(first);
  });
});

test("one that is taken back while it starts closes what it has opened", async () => {
  const path = join(folder, "taken-back");
  const over = new AbortController();
  const starting = startCoordinator({ folder: path, signal: over.signal });
  over.abort(new Error("taken back"));
  await expect(starting).rejects.toThrow("taken back");
  // Its folder is free again.
  await (await startCoordinator({ folder: path })).close();
});

test("links are kept as long as their folder, private to this user; another coordinator is kept out of it", async () => {
  const path = join(folder, "kept");
  const first = await startCoordinator({ folder: path });
  const links = [await first.link(["work"]), await first.link(["work"], { volunteer: true }), await first.link(["observe"], { page: "dashboard" })];
  expect(new Set(links).size).toBe(3);
  expect(await first.link(["work"])).toBe(links[0]);
  expect(await first.link(["work"], { ttlMs: 1000 })).not.toBe(links[0]);
  expect(readFileSync(join(path, ".gitignore"), "utf8")).toBe("*\n");
  expect([statSync(path).mode & 0o777, statSync(join(path, "coordinator.json")).mode & 0o777]).toEqual([0o700, 0o600]);
  await expect(startCoordinator({ folder: path })).rejects.toMatchObject({ code: "engine-folder-busy" });
  await first.close();
  await using second = await startCoordinator({ folder: path });
  expect([await second.link(["work"]), await second.link(["work"], { volunteer: true }), await second.link(["observe"], { page: "dashboard" })]).toEqual(links);
  // Another program has its port: links would lead there.
  await expect(startCoordinator({ port: second.port })).rejects.toMatchObject({ code: "port-taken" });
});

test("a revoked link is replaced, one that ran out lets nobody in, and both stay so after a restart", async () => {
  const path = join(folder, "revoked");
  const first = await startCoordinator({ folder: path });
  const link = await first.link(["observe"]);
  const short = tokenOf(await first.link(["observe"], { ttlMs: 1 }));
  const [invite] = first.gateway.invites();
  const asks = async (url: string, token: string): Promise<number> => {
    const answer = await fetch(`${url}api/snapshot`, bearer(token));
    await answer.body?.cancel();
    return answer.status;
  };
  expect(await asks(first.url, tokenOf(link))).toBe(200);
  await first.gateway.revoke(invite?.id ?? "");
  expect([await asks(first.url, tokenOf(link)), await asks(first.url, short)]).toEqual([401, 401]);
  await first.close();
  await using second = await startCoordinator({ folder: path });
  expect([await asks(second.url, tokenOf(link)), await asks(second.url, short)]).toEqual([401, 401]);
  const other = await second.link(["observe"]);
  expect(other).not.toBe(link);
  expect(await asks(second.url, tokenOf(other))).toBe(200);
});

test("what can't be understood is not overwritten", async () => {
  const path = join(folder, "damaged");
  await (await startCoordinator({ folder: path })).close();
  writeFileSync(join(path, "coordinator.json"), "{");
  await expect(startCoordinator({ folder: path })).rejects.toMatchObject({ code: "state-damaged" });
  expect(readFileSync(join(path, "coordinator.json"), "utf8")).toBe("{");
});

test("what a person should know of how it listens is said", async () => {
  const advice = async (options: Parameters<typeof startCoordinator>[0]): Promise<string> => {
    await using coordinator = await startCoordinator(options);
    // In a clone whose pages are not built that is said too.
    return coordinator.advice.filter((line) => !line.includes("npm run build")).join(" ");
  };
  expect(await advice({})).toMatch(/Only this machine .*--host 0\.0\.0\.0/);
  expect(await advice({ host: "0.0.0.0" })).toMatch(/without their GPU.*--https/);
  expect(await advice({ https: true })).toMatch(/Only this machine .*--host 0\.0\.0\.0\..*warns once/);
  expect(await advice({ host: "0.0.0.0", https: true })).not.toContain("Only this machine");
  expect(await advice({ baseUrl: "https://shoal.example/" })).toBe("");
});

test("who reads snapshots hears a last one when it ends", { timeout: 30_000 }, async () => {
  const coordinator = await startCoordinator();
  const { body } = await fetch(`${coordinator.url}api/snapshots`, bearer(tokenOf(await coordinator.link(["observe"]))));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const read = async (): Promise<string | undefined> => {
    const { done, value } = await reader.read();
    return done ? undefined : new TextDecoder().decode(value);
  };
  expect(await read()).toMatch(/^\{.*\}\n$/);
  const closed = coordinator.close();
  const rest: string[] = [];
  for (let line = await read(); line !== undefined; line = await read()) rest.push(line);
  expect(rest.at(-1)).toMatch(/^\{.*\}\n$/);
  await closed;
});

test("its signal closes it; a failed start leaves nothing", async () => {
  const ending = new AbortController();
  const path = join(folder, "signal");
  const coordinator = await startCoordinator({ folder: path, signal: ending.signal });
  ending.abort();
  await coordinator.close();
  await expect(fetch(`${coordinator.url}healthz`)).rejects.toThrow("fetch failed");
  await expect(startCoordinator({ folder: path, host: "203.0.113.1" })).rejects.toMatchObject({ code: "bad-host" });
  await (await startCoordinator({ folder: path })).close();
});
