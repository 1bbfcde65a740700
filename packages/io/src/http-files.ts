import { ShoalError } from "@shoal/core";
import type { FileStore, SourceFile } from "./file-store.ts";

/** Files of the web, one URL each: there are no directories and no globs. */
export const httpFiles: FileStore = {
  find: async (url, _extensions, signal) => [await openUrl(url, signal)],
  open: openUrl,
};

async function openUrl(url: string, signal: AbortSignal): Promise<SourceFile> {
  const headers = await headersOf(url, signal);
  const size = sizeOf(headers);
  const version = versionOf(headers);
  return {
    path: url,
    size,
    version,
    stream: (streamSignal) => streamUrl(url, version, streamSignal),
    bytes: (start, end, rangeSignal) => readRange(url, start, end, version, rangeSignal),
  };
}

/** Not every server answers HEAD: then the first byte is asked for. */
async function headersOf(url: string, signal: AbortSignal): Promise<Headers> {
  const head = await request(url, { method: "HEAD", signal });
  if (head.ok) return head.headers;
  const first = await request(url, { headers: { range: "bytes=0-0" }, signal });
  await first.body?.cancel();
  if (!first.ok) throw refused(url, first);
  return first.headers;
}

function sizeOf(headers: Headers): number | undefined {
  const whole = headers.get("content-range")?.match(/\/(\d+)$/)?.[1] ?? (headers.has("content-encoding") ? undefined : headers.get("content-length"));
  return whole == null ? undefined : Number(whole);
}

function versionOf(headers: Headers): string {
  return headers.get("etag") ?? [headers.get("last-modified") ?? "unknown", sizeOf(headers) ?? "unknown"].join(" ");
}

async function* streamUrl(url: string, version: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const response = await request(url, { signal });
  if (!response.ok) throw refused(url, response);
  checkVersion(url, version, response);
  const reader = (response.body ?? new Response("").body)?.getReader();
  if (reader === undefined) return;
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      received += value.byteLength;
      yield value;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new ShoalError("connection-lost", `The connection broke after ${received} bytes of ${url}: ${error instanceof Error ? error.message : String(error)}`, { hint: "Run it again, or download the file first.", cause: error });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function readRange(url: string, start: number, end: number, version: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await request(url, { headers: { range: `bytes=${start}-${end - 1}` }, signal });
  if (!response.ok) throw refused(url, response);
  checkVersion(url, version, response);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server that knows no ranges answers 200 with the whole file.
  const asked = response.status === 206 ? bytes : bytes.subarray(start, end);
  if (asked.byteLength !== end - start) {
    throw new ShoalError("file-truncated", `${url} gave ${asked.byteLength} bytes where bytes ${start} to ${end} were asked for.`, { hint: "The server cuts ranges short: download the file first, and read it from disk.", failure: "bug" });
  }
  return asked;
}

function checkVersion(url: string, version: string, response: Response): void {
  const etag = response.headers.get("etag");
  if (etag !== null && version.includes('"') && etag !== version) throw fileChanged(url, version, etag);
}

/** @internal */
export function fileChanged(path: string, before: string, now: string): ShoalError {
  return new ShoalError("file-changed", `"${path}" changed while it was being read (it was ${before}, it is ${now}).`, {
    hint: "Run it again once the file is at rest.",
    failure: "bug",
    details: { path, before, now },
  });
}

const attempts = 3;

async function request(url: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, init);
      if (attempt === attempts || (response.status < 500 && response.status !== 429)) return response;
      await response.body?.cancel();
    } catch (error) {
      init.signal.throwIfAborted();
      if (attempt === attempts) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
        throw new ShoalError("unreachable", `Can't reach ${url}: ${cause}`, { hint: "Check the URL and the network.", cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * 4 ** (attempt - 1)));
    init.signal.throwIfAborted();
  }
}

function refused(url: string, response: Response): ShoalError {
  const missing = response.status === 404 || response.status === 410;
  return new ShoalError(missing ? "file-not-found" : "http-refused", `${url} answered ${response.status} ${response.statusText}.`.replace(" .", "."), {
    hint: missing ? "Check the URL." : "Check that the URL can be read without signing in.",
    failure: "bug",
    details: { url, status: response.status },
  });
}
