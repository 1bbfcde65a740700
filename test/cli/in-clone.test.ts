import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { loadedBy } from "./shoal.ts";

const bin = fileURLToPath(new URL("../../packages/shoal/bin/shoal.mjs", import.meta.url));

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-clone-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ran(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: folder }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });
}

test("what npx finds in a clone runs from source, without a build, and hands on what comes out and how it ends", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../packages/shoal/package.json", import.meta.url), "utf8")) as { version: string };
  expect(await ran("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  writeFileSync(join(folder, "rows.jsonl"), '{"text":"so good"}\n');
  expect((await ran("inspect", "rows.jsonl")).out).toContain('0: text="so good"');
  expect(await ran("run", "nowhere.ts")).toMatchObject({ code: 2, err: expect.stringContaining("no-job") as string });
  const { modules } = await loadedBy(["inspect", "rows.jsonl"], folder, [bin]);
  expect(modules.filter((url) => url.includes("/packages/") && url.includes("/dist/"))).toEqual([]);
  expect(modules.some((url) => url.endsWith("/packages/io/src/index.ts"))).toBe(true);
}, 120_000);

describe("a command that is tied to what started it", () => {
  const inBin = (name: string): URL => new URL(`../../packages/shoal/bin/${name}`, import.meta.url);
  const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;

  async function ended(args: readonly string[]): Promise<{ readonly code: unknown; readonly signal: unknown; readonly out: string; readonly err: string }> {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const [code, signal] = (await once(child, "close")) as unknown[];
    return { code, signal, out, err };
  }

  test("ends before it begins where that one has ended already", async () => {
    const tied = (parent: number): Promise<unknown> => ended(["--conditions=@shoal/source", `--import=${loader}`, fileURLToPath(inBin("tied-command.mjs")), String(parent), "--version"]);
    expect(await tied(process.pid)).toMatchObject({ code: 0, signal: null, out: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) as string });
    expect(await tied(process.pid + 1)).toMatchObject({ code: null, signal: "SIGTERM", out: "" });
  }, 60_000);

  test("is heard to its end, though a signal comes after that, and said not to have begun", async () => {
    const script = (lines: string): readonly string[] => ["--input-type=module", "-e", `import { runTied } from ${JSON.stringify(inBin("run-source.mjs").href)};\n${lines}`];
    expect(await ended(script('process.on("exit", () => process.emit("SIGTERM"));\nrunTied(["-e", "process.exit(3)"]);'))).toEqual({ code: 3, signal: null, out: "", err: "" });
    const nowhere = join(folder, "no-runtime");
    expect(await ended(script(`process.execPath = ${JSON.stringify(nowhere)};\nrunTied([]);`))).toMatchObject({ code: 1, err: expect.stringContaining(`could not be started by ${nowhere}`) as string });
  }, 60_000);
});

describe.each(["node", "bun", "deno"] as const)("a signal to what was started in a clone by %s", (name) => {
  const runtime = name === "node" ? { path: process.execPath, command: (file: string) => [file] } : findRuntime(name);

  /** A coordinator that was started as a shell starts it, in a group of its own, and has come up. */
  async function serving(): Promise<{ readonly child: ChildProcess; readonly ended: Promise<unknown[]>; readonly told: () => string; readonly state: string }> {
    const served = mkdtempSync(join(folder, "served-"));
    const child = spawn(runtime?.path as string, [...(runtime?.command(bin) ?? []), "serve", "--folder", served, "--port", "0", "--host", "127.0.0.1"], { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let told = "";
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (told += text));
    // Not before the last process that holds the output is gone.
    const ended = once(child, "close");
    while (!told.includes("shoal work")) await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, "data"), ended.then(() => Promise.reject(new Error(told)))]);
    return { child, ended, told: () => told, state: join(served, "coordinator.json") };
  }

  test.skipIf(runtime === undefined)("ends the command in order, also where the whole group hears it, and SIGKILL leaves nothing behind", async () => {
    const [told, group, killed] = [await serving(), await serving(), await serving()];
    told.child.kill("SIGINT");
    process.kill(-(group.child.pid as number), "SIGINT");
    killed.child.kill("SIGKILL");
    for (const { ended, told: said } of [told, group]) expect({ code: (await ended)[0], said: said() }).toEqual({ code: 0, said: expect.stringContaining("Closing: ") as string });
    expect((await killed.ended)[1]).toBe("SIGKILL");
    expect(existsSync(killed.state)).toBe(true);
  }, 240_000);
});
