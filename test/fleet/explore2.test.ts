import { test } from "vitest";
import { createServer } from "node:http";
import { findChromium } from "../runtimes/find-chromium.ts";
import { startBareChromium } from "../runtimes/faults/bare-chromium.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
test("prelude", { timeout: 60_000 }, async () => {
  const server = createServer((q, r) => {
    if (q.url === "/w.js") return void r.writeHead(200, { "content-type": "text/javascript" }).end("navigator.gpu.requestAdapter().then((a) => postMessage(String(globalThis.seen) + ' ' + JSON.stringify(a && { v: a.info.vendor, a: a.info.architecture, f: a.info.isFallbackAdapter })))");
    r.writeHead(200, { "content-type": "text/html" }).end("<script>globalThis.m=[];new Worker('/w.js',{type:'module'}).onmessage=(e)=>m.push(e.data)</script>");
  }).listen(0, "127.0.0.1");
  await new Promise((f) => server.once("listening", f));
  await using browser = await startBareChromium(findChromium() as string, chromiumArgs);
  const tab = await browser.open(`http://127.0.0.1:${(server.address() as { port: number }).port}/`, { ownWindow: true, beforeWorkers: `globalThis.seen = 1; Object.defineProperty(GPUAdapter.prototype, "info", { get: () => ({ vendor: "test", architecture: "gpu" }) });` });
  for (let at = 0; at < 6; at++) { await new Promise((f) => setTimeout(f, 1000)); console.log(JSON.stringify(await tab.evaluate("m"))); }
  server.close();
});
