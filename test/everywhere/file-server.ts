import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where tests PUT files, to GET them again. */
    readonly fileServer: string;
  }
}

/** A web server that keeps what is PUT to it and gives ranges of it, or all of it packed (`?packed`), to pages of any origin. Started by vitest.config.ts. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => void answer(files, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("fileServer", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

async function answer(files: Map<string, Buffer>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = "", method } = request;
  response.setHeader("access-control-allow-origin", "*").setHeader("access-control-allow-methods", "*").setHeader("access-control-allow-headers", "*");
  if (method === "PUT") files.set(url, Buffer.concat(await request.toArray() as Buffer[]));
  if (method === "PUT" || method === "OPTIONS") return void response.writeHead(204).end();
  const file = files.get(url.split("?")[0] as string);
  if (file === undefined) return void response.writeHead(404).end();
  // As many servers do with text, which a page of another origin is not told.
  if (url.endsWith("?packed")) {
    const packed = gzipSync(file);
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
    return void response.end(method === "HEAD" ? undefined : packed);
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Math.min(file.length, Number(range[2]) + 1) : file.length;
  response.writeHead(range === null ? 200 : 206, {
    etag: `"${file.length}"`, "content-length": end - start, "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${file.length}` }),
  });
  response.end(method === "HEAD" ? undefined : file.subarray(start, end));
}
