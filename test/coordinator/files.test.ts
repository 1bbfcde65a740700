import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderFiles } from "@shoal/coordinator";
import { expect, onTestFinished, test } from "vitest";

const hourMs = 3_600_000;

test("files are let go of by when they were last asked for, and those that never came whole too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let now = Date.now();
  const files = folderFiles(folder, { date: () => now, limits: { mostBytes: 25, unusedMs: 1_000 * hourMs } });
  const put = async (text: string): Promise<string> => {
    const bytes = Buffer.from(text);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await files.put(sha256, 0, bytes, true);
    return sha256;
  };
  const [needed, asked, unasked] = [await put("needed 123"), await put("asked 1234"), await put("unasked 12")];
  await files.put("ab".repeat(32), 0, Buffer.from("a part"), false);
  await files.collect(() => false);
  expect(readdirSync(folder).toSorted()).toEqual([needed, asked, unasked, "incoming"].toSorted());
  now += 2 * hourMs;
  expect(await files.has(asked)).toBe(true);
  await files.collect((sha256) => sha256 === needed);
  expect([await files.has(needed), await files.has(asked), await files.has(unasked)]).toEqual([true, true, false]);
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  await files.close();
});
