import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockFromRows } from "@shoal/core";
import { jsonl } from "@shoal/io";
import { expect, test } from "vitest";

const signal = new AbortController().signal;

test("a process that is killed while it writes leaves no output under the output's name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-killed-"));
  const out = join(folder, "out");
  const code = `
    import { blockFromRows } from "@shoal/core";
    import { jsonl } from "@shoal/io";
    const writer = await jsonl(${JSON.stringify(out)}).open(new AbortController().signal);
    await writer.write(blockFromRows([{ a: 1 }]));
    console.log("writing");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--conditions=@shoal/source", "--import", import.meta.resolve("@shoal/workers/ts-loader"), "--input-type=module", "-e", code], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");

  await expect(jsonl(out, { mode: "overwrite" }).open(signal)).rejects.toMatchObject({ code: "output-busy", details: { pid: child.pid } });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await readdir(folder)).toEqual([".out.shoal-unfinished"]);
  await expect(jsonl(out).open(signal)).rejects.toMatchObject({ code: "output-unfinished" });

  const writer = await jsonl(out, { mode: "overwrite" }).open(signal);
  await writer.write(blockFromRows([{ a: 2 }]));
  await writer.publish({ fields: [] });
  expect(await readFile(join(out, "part-00000.jsonl"), "utf8")).toBe('{"a":2}\n');
  expect(await readdir(folder)).toEqual(["out"]);
});
