import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { expect, onTestFinished, test } from "vitest";
import { fetchWithRetry } from "./browser/fetch-with-retry.ts";
import { readBody } from "./browser/read-body.ts";
import { download } from "./download.ts";
import { nodeHubFiles } from "./node-hub-files.ts";

const bytes = Buffer.from("0123456789");
const { signal } = new AbortController();
const idleMs = 500;

/** A server that says half of a file, and then nothing any more, without an end; then, when it is asked for the rest, nothing; then all that is asked for. */
async function stallingServer(): Promise<{ readonly url: string; readonly ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response: ServerResponse) => {
    const { range } = request.headers;
    ranges.push(range);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    const head = (): unknown => response.writeHead(start > 0 ? 206 : 200, { etag: '"one"', "content-length": bytes.length - start, ...(start > 0 && { "content-range": `bytes ${start}-9/10` }) });
    if (range === undefined) {
      head();
      response.write(bytes.subarray(0, 5));
    } else if (ranges.filter((each) => each === range).length > 1) {
      head();
      response.end(bytes.subarray(start));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`, ranges };
}

test("a download on which nothing comes any more goes on by another connection", async () => {
  const { url, ranges } = await stallingServer();
  const folder = await mkdtemp(join(tmpdir(), "shoal-idle-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const target = join(folder, "model");
  expect(await download({ url, token: undefined, model: "m" }, target, nodeHubFiles, signal, silentLogger, undefined, undefined, idleMs)).toBe(true);
  expect(await readFile(target, "utf8")).toBe("0123456789");
  expect(ranges.slice(-2)).toEqual(["bytes=5-", "bytes=5-"]);
});

test("so does one of a page", async () => {
  const { url, ranges } = await stallingServer();
  const options = { signal, idleMs };
  const blob = await readBody(url, await fetchWithRetry(url, options), { ...options, tell: () => {} });
  expect(await blob.text()).toBe("0123456789");
  expect(ranges.slice(-2)).toEqual(["bytes=5-", "bytes=5-"]);
});
