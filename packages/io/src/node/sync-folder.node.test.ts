import { mkdtemp, readdir, readFile } from "node:fs/promises";
import type * as Files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockFromRows } from "@shoal/core";
import { beforeEach, expect, test, vi } from "vitest";
import { jsonl } from "../jsonl.ts";

const failing = vi.hoisted((): { code: string | undefined; from: number } => ({ code: undefined, from: 0 }));

/** Syncing a folder fails, from the given time on. */
vi.mock("node:fs/promises", async (original) => {
  const files = await original<typeof Files>();
  return {
    ...files,
    open: async (...given: Parameters<typeof files.open>) => {
      const handle = await files.open(...given);
      if (failing.code !== undefined && (await handle.stat()).isDirectory()) {
        handle.sync = async () => {
          if (failing.from-- <= 0) throw Object.assign(new Error(`${failing.code}: a folder`), { code: failing.code });
        };
      }
      return handle;
    },
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-sync-"));
  return () => void (failing.code = undefined);
});

async function write(): Promise<void> {
  const sink = jsonl(`${join(folder, "out")}/`, { mode: "overwrite" });
  const writer = await sink.open(new AbortController().signal);
  await writer.write(blockFromRows([{ a: 1 }]));
  try {
    await writer.publish({ fields: [] });
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

test.each([["EIO", "file-error"], ["ENOSPC", "disk-full"], ["EDQUOT", "disk-full"]])("a folder that is not on the disk, for %s, is no output", async (code, said) => {
  [failing.code, failing.from] = [code, 0];
  await expect(write()).rejects.toMatchObject({ code: said, message: expect.stringMatching(/^Can't publish/) as string });
  expect(await readdir(folder)).toEqual([]);
});

test("one whose name may not be on the disk is said, and stays whole", async () => {
  [failing.code, failing.from] = ["EIO", 1];
  await expect(write()).rejects.toMatchObject({ code: "file-error" });
  expect(await readFile(join(folder, "out", "part-00000.jsonl"), "utf8")).toBe('{"a":1}\n');
  expect(await readdir(folder)).toEqual(["out"]);
});

test.each(["EINVAL", "EISDIR", "EPERM"])("systems that sync no folders, and say %s, are believed", async (code) => {
  [failing.code, failing.from] = [code, 0];
  await write();
  expect(await readdir(folder)).toEqual(["out"]);
});
