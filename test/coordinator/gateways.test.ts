// Several coordinators of one engine, in one process: links, numbers and health. How they share jobs is tested elsewhere.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryEngine, type Engine } from "@shoal/cluster";
import { folderFiles, startCoordinator, type Coordinator, type CoordinatorOptions } from "@shoal/coordinator";
import { ShoalError } from "@shoal/core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bearer } from "./served.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-gateways-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tokenOf = (link: string): string => link.split("#")[1] ?? "";

async function start(engine: Engine, name: string, options: CoordinatorOptions = {}): Promise<Coordinator> {
  const files = folderFiles(join(folder, "files"));
  const coordinator = await startCoordinator({ engine, files, folder: join(folder, name), name, ...options });
  onTestFinished(() => coordinator.close());
  return coordinator;
}

test("all of them print the same tokens, each with its own address, and for programs with the others'", async () => {
  const engine = memoryEngine();
  const one = await start(engine, "one", { gateways: ["b.example:7070", "c.example:7070"] });
  const two = await start(engine, "two");
  const links = async (coordinator: Coordinator): Promise<readonly string[]> => [
    await coordinator.link(["work"]), await coordinator.link(["submit"]), await coordinator.link(["work"], { volunteer: true }), await coordinator.link(["observe"], { page: "dashboard" }),
  ];
  const [first, second] = [await links(one), await links(two)];
  expect(new Set(first.map(tokenOf)).size).toBe(4);
  expect(second.map(tokenOf)).toEqual(first.map(tokenOf));
  expect(first[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+,b\.example:7070,c\.example:7070\/#/);
  // A browser opens these.
  for (const link of [...first.slice(2), ...second]) expect(URL.canParse(link)).toBe(true);
  expect(readFileSync(join(folder, "one", "coordinator.json"), "utf8")).toContain(`"port": ${one.port}`);
});

test("two gateways of one machine don't get one folder: the second is told who has it", async () => {
  const engine = memoryEngine();
  const one = await start(engine, "contested");
  await expect(start(engine, "contested")).rejects.toThrow(new RegExp(`contested" belongs to process ${process.pid} on`));
  await one.close();
  await expect(start(engine, "contested")).resolves.toMatchObject({ port: one.port });
});

test("two that want a link at the same moment print the same one", async () => {
  const engine = memoryEngine();
  const [one, two] = await Promise.all([start(engine, "early"), start(engine, "as early")]);
  const [first, second] = await Promise.all([one.link(["work"]), two.link(["work"])]);
  expect(tokenOf(first)).toBe(tokenOf(second));
  // And both let in by it, whoever has made it.
  for (const { gateway } of [one, two]) await expect.poll(() => gateway.allows(tokenOf(first), "work")).toBe(true);
});

test("a link that one of them revoked is replaced by all", async () => {
  const engine = memoryEngine();
  const one = await start(engine, "revoking");
  const link = await one.link(["observe"]);
  const [invite] = one.gateway.invites();
  await one.gateway.revoke(invite?.id ?? "");
  const two = await start(engine, "following");
  const asks = async ({ url }: Coordinator, token: string): Promise<number> => (await fetch(`${url}api/snapshot`, bearer(token))).status;
  expect([await asks(one, tokenOf(link)), await asks(two, tokenOf(link))]).toEqual([401, 401]);
  const fresh = tokenOf(await two.link(["observe"]));
  expect(fresh).not.toBe(tokenOf(link));
  expect(tokenOf(await one.link(["observe"]))).toBe(fresh);
  await expect.poll(() => asks(one, fresh)).toBe(200);
});

test("numbers say which gateway they are of, and how the engine does; health says so too", async () => {
  const trouble: { reason?: ShoalError } = {};
  const engine: Engine = { ...memoryEngine(), status: () => (trouble.reason === undefined ? { state: "running" } : { state: "paused", reason: trouble.reason }) };
  const { url, port, link } = await start(engine, "counted").then((coordinator) => ({ url: coordinator.url, port: coordinator.port, link: coordinator.link.bind(coordinator) }));
  await link(["work"]);
  const metrics = async (): Promise<string> => (await fetch(`${url}metrics`)).text();
  const text = await metrics();
  for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#"))) expect(line).toContain(`{gateway="counted:${port}"`);
  expect(text).toContain(`shoal_backlog_blocks{gateway="counted:${port}",device="any"} 0\n`);
  expect(text).toContain(`shoal_engine_up{gateway="counted:${port}"} 1\n`);
  expect(text).toMatch(/shoal_engine_ledgers\{[^}]*\} 2\n/);
  expect(text).toMatch(/shoal_engine_writes_total\{[^}]*kind="commit",outcome="accepted"\} [1-9]/);
  expect(text).toMatch(/shoal_engine_commit_seconds_bucket\{[^}]*le="\+Inf"\} [1-9]\d*\nshoal_engine_commit_seconds_sum/);
  const health = async (): Promise<readonly [number, string]> => {
    const answer = await fetch(`${url}healthz`);
    return [answer.status, await answer.text()];
  };
  expect(await health()).toEqual([200, `ok\ngateway: counted:${port}\nengine: running\n`]);
  trouble.reason = new ShoalError("engine-paused", "no server answers");
  expect(await health()).toEqual([503, `paused: no server answers\ngateway: counted:${port}\nengine: paused: no server answers\n`]);
  expect(await metrics()).toContain(`shoal_engine_up{gateway="counted:${port}"} 0\n`);
  // Nothing that a restart would mend.
  expect((await fetch(`${url}livez`)).status).toBe(200);
});

test("the files of models and code have to be where all of them see them", async () => {
  await expect(startCoordinator({ engine: memoryEngine() })).rejects.toMatchObject({ code: "bad-option" });
});
