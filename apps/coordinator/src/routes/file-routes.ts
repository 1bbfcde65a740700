import { Hono, type Context } from "hono";
import { byteRange } from "../server/byte-range.ts";
import { refuse } from "../server/refuse.ts";
import { streamBody } from "../server/stream-body.ts";
import type { Bindings, RouteParts } from "./route-parts.ts";

/**
 * Files of models (`/models/~<key>/<hash>/<path>`) and code (`/code/~<key>/<sha256>.js`), for workers. Libraries fetch them, which can't be told to send a
 * header: so the token or key stands in the path, and no page is sent on from here with it (`no-referrer`).
 */
export function fileRoutes(parts: RouteParts): Hono<Bindings> {
  const unknown = (): Response => refuse(404, "blob-missing", "This coordinator has no such file.", "Its job may have ended; ask for what a running job names.");
  return new Hono<Bindings>()
    .get("/models/:key{~[^/]+}/:hash/:path{.+}", async (context) => {
      const { key, hash, path } = context.req.param();
      if (!parts.gateway.allows(key.slice(1), "work")) return refuseKey();
      const file = parts.modelFile(hash, path);
      return file === undefined ? unknown() : await sendFile(context, parts, file.sha256, contentType(path)) ?? unknown();
    })
    .get("/code/:key{~[^/]+}/:name{[0-9a-f]+\\.js}", async (context) => {
      const { key, name } = context.req.param();
      if (!parts.gateway.allows(key.slice(1), "work")) return refuseKey();
      return await sendFile(context, parts, name.slice(0, -".js".length), "text/javascript; charset=utf-8") ?? unknown();
    });
}

async function sendFile(context: Context<Bindings>, { files }: RouteParts, sha256: string, type: string): Promise<Response | undefined> {
  const bytes = await files.size(sha256);
  if (bytes === undefined) return undefined;
  const etag = `"${sha256}"`;
  // Of the asker alone: the token stands in the address.
  const headers = { etag, "accept-ranges": "bytes", "cache-control": "private, max-age=31536000, immutable", "content-type": type };
  if (context.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const ifRange = context.req.header("if-range");
  const range = ifRange === undefined || ifRange === etag ? byteRange(context.req.header("range"), bytes) : undefined;
  if (range === "unsatisfiable") {
    const response = refuse(416, "no-such-range", `The file has ${bytes} bytes.`, "Ask for a part that it has.");
    response.headers.set("content-range", `bytes */${bytes}`);
    return response;
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  const length = end - start + 1;
  const body = context.req.method === "HEAD" || length === 0 ? null : streamBody(files.parts(sha256, { start, length }));
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: { ...headers, "content-length": String(length), ...(range !== undefined && { "content-range": `bytes ${start}-${end}/${bytes}` }) },
  });
}

function contentType(path: string): string {
  return path.endsWith(".json") ? "application/json" : path.endsWith(".txt") ? "text/plain; charset=utf-8" : "application/octet-stream";
}

function refuseKey(): Response {
  return refuse(401, "not-allowed", "This key or token lets nobody have files.", "It may have expired or been revoked: ask for a new link.");
}
