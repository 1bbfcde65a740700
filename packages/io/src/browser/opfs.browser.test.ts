import { blockFromRows, type Datasink } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectRows } from "../collect-rows.fixture.ts";
import { jsonl } from "../jsonl.ts";
import { jsonlSource } from "../jsonl-source.ts";
import { opfsFolder, type OpfsTestFolder } from "../opfs-folder.fixture.ts";

const { signal } = new AbortController();
let folder: OpfsTestFolder;
beforeEach(async () => void (folder = await opfsFolder()));
afterEach(() => folder.remove());

const line = (name: string): string => `${JSON.stringify({ name })}\n`;
const namesOf = async (path: string | readonly string[]): Promise<unknown[]> => (await collectRows(jsonlSource(path))).map((row) => row["name"]);
async function publish(sink: Datasink, name: string): Promise<void> {
  const writer = await sink.open(signal);
  await writer.write(blockFromRows([{ name }]));
  await writer.publish({ fields: [] });
}

describe("reading", () => {
  beforeEach(async () => {
    for (const name of ["b.jsonl", "a.jsonl", "c.txt", ".d.jsonl", "_e.jsonl", "sub/f.jsonl", "x.jsonl.dead-letters.jsonl", "[x].jsonl"]) await folder.write(name, line(name));
  });

  test("a folder: its files of the format, sorted, one level, no hidden ones", async () => {
    expect(await namesOf(folder.path())).toEqual(["[x].jsonl", "a.jsonl", "b.jsonl"]);
    expect(await namesOf(`${folder.path()}/`)).toEqual(["[x].jsonl", "a.jsonl", "b.jsonl"]);
    expect(await namesOf(folder.path("sub/../a.jsonl"))).toEqual(["a.jsonl"]);
  });

  test("a glob, a list, and a name that looks like a glob", async () => {
    expect(await namesOf(folder.path("**/*.jsonl"))).toEqual(["[x].jsonl", "a.jsonl", "b.jsonl", "sub/f.jsonl"]);
    expect(await namesOf([folder.path("b.jsonl"), folder.path("{a,b}.jsonl")])).toEqual(["b.jsonl", "a.jsonl"]);
    expect(await namesOf(folder.path("[x].jsonl"))).toEqual(["[x].jsonl"]);
    expect(await namesOf(folder.path("_*.jsonl"))).toEqual(["_e.jsonl"]);
  });

  test("a glob passes over trials, files and folders, unless it spells them; and says so where nothing else matches", async () => {
    for (const name of ["night.limit-4/part-00000.jsonl", "rate.limit-5.jsonl"]) await folder.write(name, line(name));
    expect(await namesOf(folder.path("**/*.jsonl"))).toEqual(["[x].jsonl", "a.jsonl", "b.jsonl", "sub/f.jsonl"]);
    expect(await namesOf(folder.path("*.limit-*.jsonl"))).toEqual(["rate.limit-5.jsonl"]);
    expect(await namesOf(folder.path("night.limit-4/*.jsonl"))).toEqual(["night.limit-4/part-00000.jsonl"]);
    await expect(namesOf(folder.path("r*.jsonl"))).rejects.toMatchObject({ code: "no-files", message: expect.stringContaining("is passed over") as string });
  });

  test("a source says which of its files an output would take the place of", async () => {
    const source = jsonlSource(folder.path("**/*.jsonl"));
    expect(await source.fileAt?.(folder.path("b.jsonl/"), signal)).toBe(folder.path("b.jsonl"));
    expect(await source.fileAt?.(folder.path("a/../sub"), signal)).toBe(folder.path("sub/f.jsonl"));
    expect(await source.fileAt?.(folder.path("su"), signal)).toBeUndefined();
    expect(await jsonlSource(new File([line("b")], folder.path("b.jsonl"))).fileAt?.(folder.path("b.jsonl"), signal)).toBeUndefined();
  });

  test("a file that changes between finding and reading is refused", async () => {
    const source = jsonlSource(folder.path("a.jsonl"));
    for await (const partition of source.partitions(signal)) {
      await folder.write("a.jsonl", line("longer than before"));
      await expect(source.read(partition, { signal })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "file-changed" });
    }
  });

  test("what is not there is named", async () => {
    await expect(namesOf(folder.path("no.jsonl"))).rejects.toMatchObject({ code: "file-not-found" });
    await expect(namesOf(folder.path("a.jsonl/b.jsonl"))).rejects.toMatchObject({ code: "file-not-found" });
    await expect(namesOf(folder.path("no/*.jsonl"))).rejects.toMatchObject({ code: "no-files" });
    await folder.write("other/c.txt", "c");
    await expect(namesOf(folder.path("other"))).rejects.toMatchObject({ code: "no-files", details: { found: ["c.txt"] } });
  });
});

describe("an output", () => {
  test("may stand in folders that are made for it, and replace a file, or a folder", async () => {
    await publish(jsonl(folder.path("deep/er/out")), "parts");
    expect(await folder.names("deep/er/out")).toEqual(["part-00000.jsonl"]);
    await expect(jsonl(folder.path("deep/er")).open(signal)).rejects.toMatchObject({ code: "output-exists" });
    await expect(jsonl(folder.path("deep/er"), { mode: "overwrite" }).open(signal)).rejects.toMatchObject({ code: "output-not-ours" });
    await publish(jsonl(folder.path("deep/er/out"), { mode: "overwrite" }), "over parts");
    expect(await namesOf(folder.path("deep/er/out"))).toEqual(["over parts"]);
    await folder.write("out", "a file");
    await publish(jsonl(folder.path("out"), { mode: "overwrite" }), "over a file");
    expect(await namesOf(folder.path("out"))).toEqual(["over a file"]);
    await folder.write("out.jsonl/part-00000.jsonl", '{"name":"a folder"}');
    await publish(jsonl(folder.path("out.jsonl"), { mode: "overwrite" }), "over a folder");
    expect(await namesOf(folder.path("out.jsonl"))).toEqual(["over a folder"]);
  });

  test("is refused where it can't be", async () => {
    await folder.write("a.txt", "a file");
    await expect(jsonl(folder.path("a.txt/out.jsonl")).open(signal)).rejects.toMatchObject({ code: "not-a-directory" });
    await expect(jsonl("opfs:/").open(signal)).rejects.toMatchObject({ code: "unwritable-location" });
    await expect(jsonl("out.jsonl").open(signal)).rejects.toMatchObject({ code: "no-local-files", hint: expect.stringContaining("opfs:/out.jsonl") as string });
  });

  test("of a dead tab is left unfinished, and removed by overwrite", async () => {
    await folder.write(".out.shoal-unfinished/data/part-00000.jsonl", line("half"));
    await expect(namesOf(folder.path("out"))).rejects.toMatchObject({ code: "file-not-found" });
    await expect(jsonl(folder.path("out")).open(signal)).rejects.toMatchObject({ code: "output-unfinished" });
    await publish(jsonl(folder.path("out"), { mode: "overwrite" }), "whole");
    expect(await namesOf(folder.path("out"))).toEqual(["whole"]);
    expect(await folder.names()).toEqual(["out"]);
  });
});

describe("an output of which something vanished while it was written is not published", () => {
  const unfinished = ".out.shoal-unfinished";
  const writeThenHarm = async (harm: () => Promise<unknown>, name = "out", more: readonly string[] = ["e"]): Promise<unknown> => {
    const writer = await jsonl(folder.path(name), name === "out" ? { maxRowsPerFile: 2 } : {}).open(signal);
    await writer.write(blockFromRows(["a", "b", "c", "d"].map((each) => ({ name: each }))));
    await harm();
    const end = async (): Promise<unknown> => {
      for (const each of more) await writer.write(blockFromRows([{ name: each }]));
      return writer.publish({ fields: [] });
    };
    const error = await end().then(() => undefined, (thrown: unknown) => thrown);
    await writer.discard();
    return error;
  };

  test.each<readonly [string, () => Promise<unknown>]>([
    ["the folder", () => folder.removeEntry(unfinished)],
    ["a part", () => folder.removeEntry(`${unfinished}/data/part-00000.jsonl`)],
    ["the end of a part", () => folder.write(`${unfinished}/data/part-00000.jsonl`, "half")],
  ])("%s", async (_, harm) => {
    expect(await writeThenHarm(harm)).toMatchObject({ code: "output-damaged", hint: expect.stringMatching(/Nothing was published.*run it again\.$/) as string });
    expect(await folder.names()).toEqual([]);
    await publish(jsonl(folder.path("out")), "anew");
    expect(await namesOf(folder.path("out"))).toEqual(["anew"]);
  });

  test("a single file, which is closed when it is published", async () => {
    const single = ".out.jsonl.shoal-unfinished";
    const error = await writeThenHarm(async () => {
      const closing = vi.spyOn(FileSystemWritableFileStream.prototype, "close");
      closing.mockImplementationOnce(async function closed(this: FileSystemWritableFileStream) {
        closing.mockRestore();
        await this.close();
        await folder.removeEntry(`${single}/data/out.jsonl`);
      });
    }, "out.jsonl", []);
    expect(error).toMatchObject({ code: "output-damaged", message: expect.stringContaining(`gone from "${folder.path(single)}"`) as string });
    expect(await folder.names()).toEqual([]);
  });
});

describe("a tab that died while its output got its names", () => {
  const readers: readonly [string, (path: string) => string][] = [["the folder", (out) => out], ["a glob in it", (out) => `${out}/*.jsonl`], ["a glob above it", (out) => `${out}/../**/*.jsonl`]];

  test.each(readers)("is finished by the next reader of %s", async (_name, path) => {
    await folder.write("out/part-00000.jsonl", line("new, moved"));
    await folder.write("out/part-00007.jsonl", line("old"));
    await folder.write(".out.shoal-unfinished/data/part-00001.jsonl", line("new, not yet moved"));
    await folder.write(".out.shoal-unfinished/publishing.json", JSON.stringify({ files: ["part-00000.jsonl", "part-00001.jsonl"], letters: "leave" }));
    expect(await namesOf(path(folder.path("out")))).toEqual(["new, moved", "new, not yet moved"]);
    expect(await folder.names()).toEqual(["out"]);
  });

  test("that can't be removed is let go all the same", async () => {
    const sink = jsonl(folder.path("out"), { mode: "overwrite" });
    const writer = await sink.open(signal);
    const failing = vi.spyOn(FileSystemDirectoryHandle.prototype, "removeEntry").mockRejectedValueOnce(new DOMException("held", "NoModificationAllowedError"));
    await expect(writer.discard()).rejects.toThrow("held");
    failing.mockRestore();
    await (await sink.open(signal)).discard();
  });

  test("is finished by the next writer, who then finds an output", async () => {
    await folder.write(".out.jsonl.shoal-unfinished/data/out.jsonl", line("new"));
    await folder.write(".out.jsonl.shoal-unfinished/letters", "{}\n");
    await folder.write(".out.jsonl.shoal-unfinished/publishing.json", JSON.stringify({ letters: "replace" }));
    await expect(jsonl(folder.path("out.jsonl")).open(signal)).rejects.toMatchObject({ code: "output-exists" });
    expect(await folder.names()).toEqual(["out.jsonl", "out.jsonl.dead-letters.jsonl"]);
    expect(await namesOf(folder.path("out.jsonl"))).toEqual(["new"]);
  });

  test("is waited for while it is alive", async () => {
    await folder.write(".out.shoal-unfinished/data/a.jsonl", line("new"));
    await folder.write(".out.shoal-unfinished/publishing.json", JSON.stringify({ files: ["a.jsonl"], letters: "leave" }));
    let seen: unknown;
    let reading: Promise<void> | undefined;
    await navigator.locks.request(`shoal ${folder.path("out")}`, async () => {
      await expect(collectRows(jsonlSource(folder.path("out")), { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" });
      reading = namesOf(folder.path("out")).then((names) => void (seen = names));
      await vi.waitUntil(async () => (await navigator.locks.query()).pending?.some(({ name }) => name === `shoal ${folder.path("out")}`));
      expect(seen).toBeUndefined();
    });
    await reading;
    expect(seen).toEqual(["new"]);
  });
});
