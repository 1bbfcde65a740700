import { blockFromRows } from "@shoal/core";
import { afterEach, expect, test, vi } from "vitest";
import { collectRows } from "../collect-rows.fixture.ts";
import { memoryFile } from "../memory-file.ts";
import { parquet } from "../parquet.ts";
import { parquetSource } from "../parquet-source.ts";
import { startWebThread, webThreads } from "./web-thread.ts";

const { signal } = new AbortController();

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("Parquet is encoded and decoded in a worker", async () => {
  const file = memoryFile("a.parquet");
  const writer = await parquet(file).open(signal);
  await writer.write(blockFromRows([{ id: 1, text: "one" }]));
  await writer.publish({ fields: [] });
  expect(await collectRows(parquetSource(file.toFile()))).toEqual([{ id: 1, text: "one" }]);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  expect(loaded).toContainEqual(expect.stringContaining("decode-web-worker"));
  expect(loaded, "which is what it would fall back to").not.toContainEqual(expect.stringContaining("thread-on-the-spot"));
});

test("a worker answers a job that there is none of", async () => {
  const thread = await startWebThread();
  const answer = await new Promise((resolve, reject) => {
    thread.listen(resolve, reject);
    thread.post({ kind: "start", job: "none", argument: {} }, []);
  });
  expect(answer).toMatchObject({ kind: "failed", settled: true });
  await thread.end();
});

test("a worker that is slow to begin is no reason to decode in the page's own thread", async () => {
  const { Worker: RealWorker } = globalThis;
  const made = vi.fn<() => void>();
  vi.stubGlobal("Worker", class extends RealWorker {
    constructor() {
      made();
      super("data:text/javascript,");
    }
  });
  const start = webThreads(20);
  await expect(start()).rejects.toMatchObject({ code: "decoder-not-started" });
  await expect(start()).rejects.toMatchObject({ code: "decoder-not-started" });
  expect(made, "the next is a worker too").toHaveBeenCalledTimes(2);
});

test("where there are no workers it says once that nothing can stop a decoder", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubGlobal("Worker", class {
    constructor() {
      throw new DOMException("blocked", "SecurityError");
    }
  });
  const start = webThreads();
  await Promise.all([start(), start()]);
  await start();
  expect(warned.mock.calls).toEqual([[expect.stringMatching(/own thread: a worker can't be made \(SecurityError: blocked\)/)]]);
});
