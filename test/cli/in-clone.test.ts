import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
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
  const { modules } = await loadedBy(["inspect", "rows.jsonl"], folder);
  expect(modules.filter((url) => url.includes("/packages/") && url.includes("/dist/"))).toEqual([]);
}, 120_000);
