// A page of another origin, in a real Chromium, fetches and puts blobs where they lie: by addresses that it is given, without credentials.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256Of } from "@shoal/cluster";
import { s3Blobs } from "@shoal/cluster/stores";
import { chromium } from "playwright";
import { expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { findS3Server } from "./find-s3-server.ts";
import { startS3Server } from "./start-s3-server.ts";

const executablePath = findChromium();
const path = findS3Server();

test.skipIf(executablePath === undefined || path === undefined)("a tab reads and writes blobs by presigned URLs", { timeout: 120_000 }, async () => {
  const s3 = await startS3Server(path as string);
  onTestFinished(() => s3[Symbol.asyncDispose]());
  const pages = createServer((_request, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<title>a page</title>")).listen(0, "127.0.0.1");
  await once(pages, "listening");
  onTestFinished(() => void pages.close());
  const browser = await chromium.launch({ executablePath: executablePath as string, headless: true, chromiumSandbox: false, args: ["--disable-background-networking"] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);

  const blobs = s3Blobs(s3.options("page"));
  const input = crypto.getRandomValues(new Uint8Array(50_000));
  const inputSha256 = await sha256Of(input);
  await blobs.put(inputSha256, input);
  const result = input.map((byte) => 255 - byte);
  const resultSha256 = await sha256Of(result);
  const addresses = { get: await blobs.url?.(inputSha256, "get", 60_000), put: await blobs.url?.(resultSha256, "put", 60_000) };
  const answers = await page.evaluate(`(async ({ get, put }) => {
    const fetched = await fetch(get);
    const bytes = new Uint8Array(await fetched.arrayBuffer()).map((byte) => 255 - byte);
    const part = await fetch(get, { headers: { range: "bytes=0-9" } });
    const stored = await fetch(put, { method: "PUT", body: bytes, headers: { "content-type": "application/octet-stream" } });
    // A refusal has no words for other origins: the page learns that it failed, and no more.
    const unsigned = await fetch(get.split("?")[0]).then(({ status }) => status, () => "refused");
    return [fetched.status, part.status, (await part.arrayBuffer()).byteLength, stored.status, unsigned];
  })(${JSON.stringify(addresses)})`);
  expect(answers).toEqual([200, 206, 10, 200, "refused"]);
  expect(Buffer.from(await blobs.get(resultSha256)).equals(result)).toBe(true);
});
