import { expect, test } from "vitest";
import { runInThread } from "./decode-thread.ts";
import type { SourceFile } from "./file-store.ts";

const never = new AbortController().signal;

/** A file whose bytes come when they are asked for the given way. */
function file(bytes: SourceFile["bytes"], size = 100): SourceFile {
  return { path: "fake.arrow", size, version: "1", bytes, stream: () => { throw new Error("not streamed"); } };
}

async function drain(outputs: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const output of outputs) all.push(output);
  return all;
}

const identity = { path: "fake.arrow", version: "1", size: 100 };

test("time in which a thread had no turn of a CPU does not count, up to six times as much as it has", async () => {
  for (const [computed, looks] of [[0, 6], [1, 1]] as const) {
    const answers: number[] = [];
    // It takes longer than that to start.
    const run = runInThread("arrow-read", { identity }, { signal: never, file: file(() => new Promise(() => {})), stallMs: 1, cpuMs: () => answers.push(0) && (answers.length === 1 ? 0 : computed) });
    await expect(drain(run)).rejects.toMatchObject({ name: "ContentFault", code: "decoder-stalled" });
    expect(answers.length - 1).toBe(looks);
  }
});

test("what reading the file throws comes out as it is, not as a fault of the content", async () => {
  const gone = new Error("the disk is gone");
  const run = runInThread("arrow-read", { identity }, { signal: never, file: file(() => Promise.reject(gone)) });
  await expect(drain(run)).rejects.toBe(gone);
});

test("waiting for bytes is no stall, and an abort ends it", async () => {
  const abort = new AbortController();
  let wanted = (): void => {};
  const reading = new Promise<void>((resolve) => (wanted = resolve));
  const run = drain(runInThread("arrow-read", { identity }, {
    signal: abort.signal,
    stallMs: 20_000,
    file: file(() => {
      wanted();
      return new Promise(() => {});
    }),
  }));
  await reading;
  abort.abort(new Error("enough"));
  await expect(run).rejects.toThrow("enough");
});

test("a job that there is none of is a fault", async () => {
  await expect(drain(runInThread("no such job", {}, { signal: never }))).rejects.toMatchObject({ name: "ContentFault", code: "bad-file" });
});

test("a thread serves one job after another", async () => {
  for (let time = 0; time < 3; time++) {
    const run = runInThread("arrow-schema", { identity }, { signal: never, file: file((start, end) => Promise.resolve(new Uint8Array(end - start))) });
    await expect(drain(run)).rejects.toMatchObject({ name: "ContentFault" });
  }
});
