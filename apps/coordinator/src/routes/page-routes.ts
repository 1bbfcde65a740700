import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { Hono } from "hono";
import { refuse } from "../server/refuse.ts";
import type { Bindings } from "./route-parts.ts";

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

/**
 * A page as vite built it: its file, and what it needs beside it. Whoever has the address may see it; it shows nothing without a token. Of what lies there
 * compressed too, as `x.gz` beside `x`, that is sent to who takes it.
 */
export function pageRoutes(folder: string, name: string): Hono<Bindings> {
  const etags = new Etags();
  return new Hono<Bindings>().get("/:path{.*}", async (context) => {
    const path = safePath(context.req.param("path"));
    const type = path === undefined ? undefined : types[extname(path)];
    const plain = path === undefined || type === undefined ? undefined : await fileAt(join(folder, path));
    if (path === undefined || type === undefined || plain === undefined) {
      return path === "index.html"
        ? refuse(503, "page-not-built", `The ${name} page is not built.`, "Run npm run build in this clone of Shoal, and load the page again.")
        : refuse(404, "not-found", "There is no such file.", "Open the link as it was printed.");
    }
    const packed = await fileAt(`${plain.path}.gz`);
    const file = packed !== undefined && takesGzip(context.req.header("accept-encoding")) ? packed : plain;
    const headers = {
      etag: await etags.of(file),
      // vite names what stands in assets/ by its content.
      "cache-control": path.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      ...(packed !== undefined && { vary: "accept-encoding" }),
    };
    if (context.req.header("if-none-match") === headers.etag) return new Response(null, { status: 304, headers });
    const bytes = context.req.method === "HEAD" ? null : await readFile(file.path);
    return new Response(bytes, { headers: { ...headers, "content-type": type, "content-length": String(file.bytes), ...(file === packed && { "content-encoding": "gzip" }) } });
  });
}

interface PageFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

async function fileAt(path: string): Promise<PageFile | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() === true ? { path, bytes: info.size, changedMs: info.mtimeMs } : undefined;
}

/** Hashes of files, computed once for each: some are tens of megabytes long. */
class Etags {
  readonly #known = new Map<string, { readonly file: PageFile; readonly etag: string }>();

  async of(file: PageFile): Promise<string> {
    const known = this.#known.get(file.path);
    if (known?.file.bytes === file.bytes && known.file.changedMs === file.changedMs) return known.etag;
    const etag = `"${createHash("sha256").update(await readFile(file.path)).digest("base64url")}"`;
    this.#known.set(file.path, { file, etag });
    return etag;
  }
}

function takesGzip(header = ""): boolean {
  return header.split(",").some((each) => /^\s*(gzip|\*)\s*(;|$)/i.test(each) && !/;\s*q=0(\.0*)?\s*$/i.test(each));
}

/** A path within the folder, and nothing that begins with a dot; undefined for anything else. */
function safePath(path: string): string | undefined {
  if (path === "") return "index.html";
  return path.length < 500 && /^[\w@-][\w@.-]*(\/[\w@-][\w@.-]*)*$/.test(path) ? path : undefined;
}
