import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Hono } from "hono";
import { refuse } from "../server/refuse.ts";
import type { Bindings } from "./environment.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

/** A page as vite built it: its file, and what it needs beside it. Whoever has the address may see it; it shows nothing without a token. */
export function pageRoutes(folder: string, name: string): Hono<Bindings> {
  return new Hono<Bindings>().get("/:path{.*}", async (context) => {
    const path = safePath(context.req.param("path"));
    const type = path === undefined ? undefined : types[extname(path)];
    const bytes = path === undefined || type === undefined ? undefined : await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined || type === undefined) {
      return path === "index.html"
        ? refuse(503, "page-not-built", `The ${name} page is not built.`, "Run npm run build in this clone of Shoal, and load the page again.")
        : refuse(404, "not-found", "There is no such file.", "Open the link as it was printed.");
    }
    const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
    // vite names what stands in assets/ by its content.
    const cache = path?.startsWith("assets/") === true ? "public, max-age=31536000, immutable" : "no-cache";
    if (context.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag, "cache-control": cache } });
    return new Response(bytes, { headers: { "content-type": type, "content-length": String(bytes.byteLength), etag, "cache-control": cache } });
  });
}

/** A path within the folder, and nothing that begins with a dot; undefined for anything else. */
function safePath(path: string): string | undefined {
  if (path === "") return "index.html";
  return path.length < 500 && /^[\w@-][\w@.-]*(\/[\w@-][\w@.-]*)*$/.test(path) ? path : undefined;
}
