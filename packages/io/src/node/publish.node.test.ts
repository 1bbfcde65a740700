import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { blockFromRows, type Datasink, type SinkWriter } from "@shoal/core";
import { beforeEach, describe, expect, test } from "vitest";
import { collectRows } from "../collect-rows.fixture.ts";
import { decodeThreadEntry } from "./decode-thread-entry.ts";
import { jsonl } from "../jsonl.ts";
import { jsonlSource } from "../jsonl-source.ts";

const signal = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-publish-"));
});

async function writeRows(sink: Datasink, ...rows: Record<string, unknown>[]) {
  const writer = await sink.open(signal);
  for (const row of rows) await writer.write(blockFromRows([row]));
  return writer.publish({ fields: [] });
}

const letter = { row: { a: 1 }, error: { code: "bad", message: "bad row" }, attempts: 2, step: "predict" };
const leaveUnfinished = async (pid: number, host = hostname()): Promise<void> => {
  await mkdir(join(folder, ".out.shoal-unfinished", "data"), { recursive: true });
  await writeFile(join(folder, ".out.shoal-unfinished", "owner.json"), JSON.stringify({ pid, host, startedAt: "2020-01-01" }));
};
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid as number;
}

/** Overwrites `out` in a process that is killed in place of its n-th change of the file system while it publishes. Gives its exit code; 0 if it came through. */
async function overwriteAndDieAt(step: number, out: string): Promise<number> {
  const program = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    let left = Infinity;
    for (const name of ["rename", "rm", "writeFile"]) {
      const real = fs.promises[name];
      fs.promises[name] = (...given) => left-- > 0 ? real(...given) : (process.kill(process.pid, "SIGKILL"), new Promise(() => {}));
    }
    syncBuiltinESMExports();
    const { blockFromRows } = await import("@shoal/core");
    const { jsonl } = await import(${JSON.stringify(new URL("../jsonl.ts", import.meta.url).href)});
    const writer = await jsonl(${JSON.stringify(out)}, { mode: "overwrite" }).open(new AbortController().signal);
    await writer.write(blockFromRows([{ a: "new" }]));
    await writer.writeDeadLetters([{ ...${JSON.stringify(letter)}, step: "new" }]);
    left = ${step};
    await writer.publish({ fields: [] });
    process.exit(0);`;
  const { execArgv = [] } = decodeThreadEntry().options;
  const child = spawn(process.execPath, [...execArgv, "--input-type=module", "-e", program], { stdio: ["ignore", "ignore", "inherit"], cwd: new URL(".", import.meta.url) });
  const [code, killedBy] = (await once(child, "exit")) as [number | null, string | null];
  expect(code ?? killedBy).toSatisfy((end) => end === 0 || end === "SIGKILL");
  return code ?? 1;
}

describe("an output", () => {
  test("is a directory of parts, whole or not at all", async () => {
    const out = join(folder, "out");
    const writer = await jsonl(`${out}/`, { maxRowsPerFile: 2 }).open(signal);
    await writer.write(blockFromRows([1, 2, 3, 4, 5].map((a) => ({ a }))));
    await writer.writeDeadLetters([letter]);
    expect(await readdir(folder)).toEqual([".out.shoal-unfinished"]);
    const result = await writer.publish({ fields: [] });
    expect(result).toMatchObject({
      location: out,
      rows: 5,
      files: ["part-00000.jsonl", "part-00001.jsonl", "part-00002.jsonl"].map((name) => join(out, name)),
      deadLetters: join(out, "_dead-letters.jsonl"),
    });
    expect(result.bytes).toBe(5 * '{"a":1}\n'.length);
    expect(await readdir(folder)).toEqual(["out"]);
    expect(await collectRows(jsonlSource(out))).toEqual([1, 2, 3, 4, 5].map((a) => ({ a })));
    expect(JSON.parse(await readFile(join(out, "_dead-letters.jsonl"), "utf8"))).toEqual(letter);
  });

  test("is one file where the name says so; its dead letters stand beside it and are no data", async () => {
    const writer = await jsonl(join(folder, "out.jsonl")).open(signal);
    await writer.write(blockFromRows([{ a: 1 }]));
    await writer.writeDeadLetters([letter]);
    expect((await writer.publish({ fields: [] })).deadLetters).toBe(join(folder, "out.jsonl.dead-letters.jsonl"));
    expect(await collectRows(jsonlSource(folder))).toEqual([{ a: 1 }]);
    await expect(jsonl(join(folder, "b.jsonl"), { maxRowsPerFile: 1 }).open(signal)).rejects.toMatchObject({ code: "bad-option" });
  });

  test("that is there already is an error, unless it may be overwritten: then it stays until the new one is whole", async () => {
    const out = join(folder, "out");
    await writeRows(jsonl(out), { a: 1 });
    await expect(jsonl(out).open(signal)).rejects.toMatchObject({ code: "output-exists" });
    const writer = await jsonl(out, { mode: "overwrite" }).open(signal);
    await writer.write(blockFromRows([{ a: 2 }]));
    expect(await collectRows(jsonlSource(out))).toEqual([{ a: 1 }]);
    await writer.publish({ fields: [] });
    expect(await collectRows(jsonlSource(out))).toEqual([{ a: 2 }]);
    expect(await readdir(folder)).toEqual(["out"]);
    const given = await jsonl(out, { mode: "overwrite" }).open(signal);
    await given.write(blockFromRows([{ a: 3 }]));
    await given.discard();
    expect(await collectRows(jsonlSource(out))).toEqual([{ a: 2 }]);
    expect(await readdir(folder)).toEqual(["out"]);
  });

  describe("of which something vanished while it was written is not published", () => {
    const unfinished = (): string => join(folder, ".out.shoal-unfinished");
    const writeThenHarm = async (harm: () => Promise<unknown>, name = "out", more: readonly number[] = [5]) => {
      const writer = await jsonl(join(folder, name), name === "out" ? { maxRowsPerFile: 2 } : {}).open(signal);
      await writer.write(blockFromRows([1, 2, 3, 4].map((a) => ({ a }))));
      await harm();
      const end = async () => {
        for (const a of more) await writer.write(blockFromRows([{ a }]));
        return writer.publish({ fields: [] });
      };
      const error: unknown = await end().then(() => undefined, (thrown: unknown) => thrown);
      await writer.discard();
      return error;
    };

    test.each<readonly [string, () => Promise<unknown>]>([
      ["the folder", () => rm(unfinished(), { recursive: true })],
      ["its owner's name", () => rm(join(unfinished(), "owner.json"))],
      ["a part", () => rm(join(unfinished(), "data", "part-00000.jsonl"))],
      ["the end of a part", () => truncate(join(unfinished(), "data", "part-00000.jsonl"), 5)],
      ["nothing, but a file came that readers pass over", () => writeFile(join(unfinished(), "data", "_x.limit-3.jsonl"), "{}\n")],
      ["nothing, but a part of another came", () => writeFile(join(unfinished(), "data", "part-00007.jsonl"), "{}\n")],
    ])("%s", async (_, harm) => {
      expect(await writeThenHarm(harm)).toMatchObject({ code: "output-damaged", hint: expect.stringContaining("Nothing was published") as string });
      expect(await readdir(folder)).toEqual([]);
    });

    test("a single file", async () => {
      const single = join(folder, ".out.jsonl.shoal-unfinished");
      expect(await writeThenHarm(() => rm(single, { recursive: true }), "out.jsonl")).toMatchObject({ code: "output-damaged", message: expect.stringContaining(single) as string });
      expect(await writeThenHarm(() => truncate(join(single, "data", "out.jsonl"), 5), "out.jsonl", [])).toMatchObject({ code: "output-damaged", message: expect.stringContaining("5 bytes") as string });
      expect(await readdir(folder)).toEqual([]);
    });

    test("and what another run writes there by now stays", async () => {
      let other: SinkWriter | undefined;
      const harm = async (): Promise<void> => {
        await rm(unfinished(), { recursive: true });
        other = await jsonl(join(folder, "out")).open(signal);
        await other.write(blockFromRows([{ a: 9 }]));
      };
      expect(await writeThenHarm(harm)).toMatchObject({ code: "output-damaged" });
      await expect(jsonl(join(folder, "out")).open(signal)).rejects.toMatchObject({ code: "output-busy" });
      await other?.publish({ fields: [] });
      expect(await collectRows(jsonlSource(join(folder, "out")))).toEqual([{ a: 9 }]);
    });
  });

  test("that holds what is not ours is not overwritten, not even when that came during the run", async () => {
    await writeRows(jsonl(join(folder, "out")), { a: 1 });
    await writeFile(join(folder, "out", "thesis.txt"), "years of work");
    await expect(writeRows(jsonl(join(folder, "out"), { mode: "overwrite" }), { a: 2 })).rejects.toMatchObject({ code: "output-not-ours", message: expect.stringContaining("thesis.txt") as string });
    await rm(join(folder, "out", "thesis.txt"));
    const writer = await jsonl(join(folder, "out"), { mode: "overwrite" }).open(signal);
    await mkdir(join(folder, "out", "photos"));
    await expect(writer.publish({ fields: [] })).rejects.toMatchObject({ code: "output-not-ours" });
    await writer.discard();
    expect(await readdir(join(folder, "out"))).toEqual(["part-00000.jsonl", "photos"]);
  });

  test("that a dead run left is an error, and removed by overwrite", async () => {
    await leaveUnfinished(await deadProcess());
    const error = await jsonl(join(folder, "out")).open(signal).then(() => undefined, (thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: "output-unfinished" });
    expect(error?.message).toContain(".out.shoal-unfinished");
    await writeRows(jsonl(join(folder, "out"), { mode: "overwrite" }), { a: 1 });
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("that a run which died while publishing had moved aside is put back", async () => {
    await leaveUnfinished(await deadProcess());
    await mkdir(join(folder, ".out.shoal-unfinished", "replaced"));
    await writeFile(join(folder, ".out.shoal-unfinished", "replaced", "part-00000.jsonl"), '{"a":"old"}\n');
    const writer = await jsonl(join(folder, "out"), { mode: "overwrite" }).open(signal);
    expect(await collectRows(jsonlSource(join(folder, "out")))).toEqual([{ a: "old" }]);
    await writer.discard();
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test.each(["out", "out.jsonl"])("that is overwritten by a run which dies while publishing %s is the old or the new one, whole", async (name) => {
    const out = join(folder, name);
    const letters = name === "out" ? join(out, "_dead-letters.jsonl") : `${out}.dead-letters.jsonl`;
    const write = async (mode: "error" | "overwrite", a: string): Promise<void> => {
      const writer = await jsonl(out, { mode }).open(signal);
      await writer.write(blockFromRows([{ a }]));
      await writer.writeDeadLetters([{ ...letter, step: a }]);
      await writer.publish({ fields: [] });
    };
    const now = async (): Promise<string> => `${JSON.stringify(await collectRows(jsonlSource(out)))} ${(JSON.parse(await readFile(letters, "utf8")) as { step: string }).step}`;
    const outcomes = new Set<string>();
    for (let step = 0, code = 1; code !== 0; step++) {
      await write("overwrite", "old");
      code = await overwriteAndDieAt(step, out);
      await expect(jsonl(out).open(signal)).rejects.toMatchObject({ code: "output-exists" });
      const found = await now();
      expect(['[{"a":"old"}] old', '[{"a":"new"}] new']).toContain(found);
      outcomes.add(found);
      await write("overwrite", "third");
      expect(await now()).toBe('[{"a":"third"}] third');
      expect((await readdir(folder)).toSorted()).toEqual(name === "out" ? [name] : [name, `${name}.dead-letters.jsonl`]);
    }
    expect(outcomes.size).toBe(2);
  }, 60_000);

  test("sweeps what runs left that were killed while they claimed its place or gave it up, and nothing of a living one", async () => {
    const dead = await deadProcess();
    const owner = (pid: number): string => JSON.stringify({ pid, host: hostname(), startedAt: "2020-01-01" });
    const beside = async (name: string, file: string, text: string, changed?: Date): Promise<void> => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, file), text);
      if (changed !== undefined) await utimes(join(folder, name), changed, changed);
    };
    await beside(`.out.shoal-unfinished-${dead}-abc`, "owner.json", owner(dead));
    await beside(`.out.shoal-unfinished-removed-${dead}-abc`, "part-00000.jsonl", "");
    await beside(".out.shoal-unfinished-7-abc", "other", "", new Date(Date.now() - 3_600_000));
    await beside(`.out.shoal-unfinished-${process.ppid}-abc`, "owner.json", owner(process.ppid));
    await beside(`.out.shoal-unfinished-removed-${process.ppid}-abc`, "part-00000.jsonl", "");
    await beside(`.out.shoal-unfinished-${dead}-new`, "other", "");
    await beside(`.out.shoal-unfinished-notes-${dead}-abc`, "owner.json", owner(dead));
    await beside(`.outer.shoal-unfinished-${dead}-abc`, "owner.json", owner(dead));
    await writeRows(jsonl(join(folder, "out")), { a: 1 });
    expect((await readdir(folder)).toSorted()).toEqual([
      `.out.shoal-unfinished-${process.ppid}-abc`, `.out.shoal-unfinished-removed-${process.ppid}-abc`, `.out.shoal-unfinished-${dead}-new`, `.out.shoal-unfinished-notes-${dead}-abc`,
      `.outer.shoal-unfinished-${dead}-abc`, "out",
    ].toSorted());
  });

  test("without dead letters replaces one with dead letters, and leaves none of those", async () => {
    const out = join(folder, "out.jsonl");
    const writer = await jsonl(out).open(signal);
    await writer.writeDeadLetters([letter]);
    await writer.publish({ fields: [] });
    expect(await readdir(folder)).toEqual(["out.jsonl", "out.jsonl.dead-letters.jsonl"]);
    await writeRows(jsonl(out, { mode: "overwrite" }), { a: 1 });
    expect(await readdir(folder)).toEqual(["out.jsonl"]);
  });

  test("at a link goes where the link leads; nowhere, in a file, or in a device's place is refused before anything is written", async () => {
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, "link"));
    await writeRows(jsonl(join(folder, "link")), { a: 1 });
    expect(await readdir(join(folder, "elsewhere"))).toEqual(["part-00000.jsonl"]);
    await symlink(join(folder, "missing"), join(folder, "dangling.jsonl"));
    await writeFile(join(folder, "file"), "");
    for (const mode of ["error", "overwrite"] as const) {
      await expect(jsonl(join(folder, "dangling.jsonl"), { mode }).open(signal)).rejects.toMatchObject({ code: "unwritable-location", message: expect.stringContaining("leads nowhere") as string });
      await expect(jsonl(join(folder, "dangling.jsonl", "out"), { mode }).open(signal)).rejects.toMatchObject({ code: "not-a-directory" });
      await expect(jsonl(join(folder, "file", "x.jsonl"), { mode }).open(signal)).rejects.toMatchObject({ code: "not-a-directory", message: expect.stringContaining('file" is a file') as string });
      await expect(jsonl(join(folder, "file", "deep", "out"), { mode }).open(signal)).rejects.toMatchObject({ code: "not-a-directory" });
      await expect(jsonl("/dev/null", { mode }).open(signal)).rejects.toMatchObject({ code: "unwritable-location" });
    }
    expect((await readdir(folder)).toSorted()).toEqual(["dangling.jsonl", "elsewhere", "file", "link"]);
  });

  test("whose name is too long for the file system says so", async () => {
    await expect(jsonl(join(folder, "x".repeat(240))).open(signal)).rejects.toMatchObject({ code: "name-too-long", hint: expect.stringContaining("shorter") as string });
  });

  test("that another run is writing is left alone, even by overwrite", async () => {
    const writer = await jsonl(join(folder, "out")).open(signal);
    await expect(jsonl(join(folder, "out"), { mode: "overwrite" }).open(signal)).rejects.toMatchObject({ code: "output-busy" });
    await writer.write(blockFromRows([{ a: 1 }]));
    await writer.publish({ fields: [] });
    expect(await readdir(folder)).toEqual(["out"]);
    await leaveUnfinished(1, "another-host");
    await expect(jsonl(join(folder, "out"), { mode: "overwrite" }).open(signal)).rejects.toMatchObject({ code: "output-busy" });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, ".out.shoal-unfinished", "owner.json"), longAgo, longAgo);
    await writeRows(jsonl(join(folder, "out"), { mode: "overwrite" }), { a: 2 });
    expect(await collectRows(jsonlSource(join(folder, "out")))).toEqual([{ a: 2 }]);
  });

  test.runIf(process.platform === "linux" && process.versions["deno"] === undefined)("that a run has left is taken over where its process number is another process's by now", async () => {
    const writer = await jsonl(join(folder, "out")).open(signal);
    const file = join(writer.unfinished as string, "owner.json");
    const owner = JSON.parse(await readFile(file, "utf8")) as { birth: { began: string; space: string } };
    await writer.leave?.();
    // Of a process that lives, and that this one is not.
    const [alive] = [process.ppid];
    const began = async (change: object): Promise<void> => writeFile(file, JSON.stringify({ ...owner, pid: alive, ...change }));
    await began({ birth: { ...owner.birth, began: "1" } });
    await (await jsonl(join(folder, "out")).open(signal, { resume: true })).leave?.();
    // Of a container with process numbers of its own, that has given a sign of life.
    await began({ birth: { ...owner.birth, space: "pid:[1]" } });
    await expect(jsonl(join(folder, "out")).open(signal, { resume: true })).rejects.toMatchObject({ code: "output-busy", hint: expect.stringContaining('owner.json", and only that') as string });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(file, longAgo, longAgo);
    await (await jsonl(join(folder, "out")).open(signal, { resume: true })).leave?.();
  });

  test("of ten runs at once, one is written", async () => {
    const opened = await Promise.allSettled(Array.from({ length: 10 }, () => jsonl(join(folder, "out"), { mode: "overwrite" }).open(signal)));
    const writers = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(writers).toHaveLength(1);
    await writers[0]?.write(blockFromRows([{ a: 1 }]));
    await writers[0]?.publish({ fields: [] });
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("may take the place of an empty directory", async () => {
    await mkdir(join(folder, "out"));
    await writeRows(jsonl(join(folder, "out")), { a: 1 });
    expect(await collectRows(jsonlSource(join(folder, "out")))).toEqual([{ a: 1 }]);
  });

  test("without rows is still there", async () => {
    await writeRows(jsonl(join(folder, "out")));
    expect(await readdir(join(folder, "out"))).toEqual(["part-00000.jsonl"]);
  });

  test.skipIf(process.getuid?.() === 0)("that may not be written says so", async () => {
    await mkdir(join(folder, "closed"));
    await chmod(join(folder, "closed"), 0o500);
    await expect(jsonl(join(folder, "closed", "out")).open(signal)).rejects.toMatchObject({ code: "permission-denied" });
  });

  test("never replaces the working directory, and is never a URL", async () => {
    await expect(jsonl(".", { mode: "overwrite" }).open(signal)).rejects.toMatchObject({ code: "unwritable-location" });
    await expect(jsonl("s3://bucket/out").open(signal)).rejects.toMatchObject({ code: "unwritable-location" });
  });
});

describe("an output that is left", () => {
  test("is taken over with what a run keeps in it, by one run at a time", async () => {
    const out = join(folder, "out");
    const writer = await jsonl(out).open(signal);
    await writer.write(blockFromRows([{ a: 1 }]));
    const kept = join(writer.unfinished as string, "ledger");
    await mkdir(kept);
    await writeFile(join(kept, "x"), "kept");
    await expect(jsonl(out).open(signal, { resume: true })).rejects.toMatchObject({ code: "output-busy" });
    await writer.leave?.();
    expect((await readdir(writer.unfinished as string)).toSorted()).toEqual(["ledger", "owner.json"]);
    await expect(jsonl(out).open(signal)).rejects.toMatchObject({ code: "output-unfinished" });

    const tries = await Promise.allSettled([1, 2, 3].map(() => jsonl(out).open(signal, { resume: true })));
    const won = tries.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(won).toHaveLength(1);
    expect(await readFile(join(kept, "x"), "utf8")).toBe("kept");
    await won[0]?.write(blockFromRows([{ a: 2 }]));
    await won[0]?.publish({ fields: [] });
    expect(await readFile(join(out, "part-00000.jsonl"), "utf8")).toBe('{"a":2}\n');
    expect(await readdir(folder)).toEqual(["out"]);
  });
});
