import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

describe("standard input and output", () => {
  const source = (code: string): string => `
    import { jsonl, jsonlSource, csv } from ${JSON.stringify(new URL("../../packages/io/src/index.ts", import.meta.url).href)};
    const signal = new AbortController().signal;
    ${code}`;
  /** A process of its own, with the workspace's own loader for TypeScript. */
  function run(code: string, input: string, stdout?: string): Promise<{ out: string; err: string; code: number | null }> {
    const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
    const child = spawn("/bin/sh", ["-c", `exec "$0" --conditions=@shoal/source --import ${loader} --input-type=module -e "$CODE" ${stdout ?? ""}`, process.execPath], { env: { ...process.env, CODE: source(code) } });
    // A child may end before it has read all.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    return new Promise((resolve) => child.on("close", (status) => resolve({ out, err, code: status })));
  }
  const copy = `
    const source = jsonlSource("-");
    const writer = await SINK("-").open(signal);
    if (source.resumable) throw new Error("resumable?");
    for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal })) await writer.write(block);
    await writer.publish({ fields: [] });`;

  test("rows go through a pipe", async () => {
    const result = await run(copy.replace("SINK", "csv"), '{"a":1,"b":"x"}\n{"a":2}\n');
    expect(result).toEqual({ out: "a,b\n1,x\n2,\n", err: "", code: 0 });
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk is told in words", async () => {
    const result = await run(copy.replace("SINK", "jsonl"), '{"a":1}\n', "> /dev/full");
    expect(result.err).toContain("Can't write to standard output: the disk is full (ENOSPC).");
    expect(result.code).toBe(1);
  });

  test("a reader that goes away is told in words", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "shoal-streams-")), "status");
    const result = await run(copy.replace("SINK", "jsonl"), `{"a":"${"x".repeat(1000)}"}\n`.repeat(20_000), `2> ${path} | head -c 10`);
    expect(result.out).toBe('{"a":"xxxx');
    expect(await readFile(path, "utf8")).toContain("the reader of this output has gone (EPIPE)");
  });
});
