import { ShoalError } from "@shoal/core";
import type { FileStore, SourceFile } from "./file-store.ts";
import { httpRequest, type HttpAnswer } from "./http-request.ts";

/** How servers are waited for. */
export interface HttpOptions {
  /** A server that is silent for so long, before or within its answer, is given up. Default 60,000. */
  readonly idleMs?: number;
}

/** Files of the web, one URL each: there are no directories and no globs. */
export function httpStore({ idleMs = 60_000 }: HttpOptions = {}): FileStore {
  const open = (url: string, signal: AbortSignal): Promise<SourceFile> => openUrl(url, idleMs, signal);
  return { open, find: async (url, _extensions, signal) => [await open(url, signal)] };
}

export const httpFiles: FileStore = httpStore();

async function openUrl(url: string, idleMs: number, signal: AbortSignal): Promise<SourceFile> {
  const headers = await headersOf(url, idleMs, signal);
  const version = versionOf(headers);
  return {
    path: url,
    size: sizeOf(headers),
    version,
    stream: (streamSignal) => streamUrl(url, version, idleMs, streamSignal),
    bytes: (start, end, rangeSignal) => readRange(url, start, end, version, idleMs, rangeSignal),
  };
}

/** Not every server answers HEAD: then the first byte is asked for. */
async function headersOf(url: string, idleMs: number, signal: AbortSignal): Promise<Headers> {
  const head = await httpRequest(url, { method: "HEAD", signal, idleMs });
  await head.leave();
  if (head.ok) return head.headers;
  const first = await httpRequest(url, { headers: { range: "bytes=0-0" }, signal, idleMs });
  await first.leave();
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

/** Where the connection breaks, it goes on from there if the server can, and says that the file is still the same. */
async function* streamUrl(url: string, version: string, idleMs: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let received = 0;
  let fruitless = 0;
  let lost: unknown;
  for (;;) {
    const before = received;
    const response = await httpRequest(url, { signal, idleMs, ...(received === 0 ? {} : { headers: { range: `bytes=${received}-`, "if-range": version } }) });
    await checkAnswer(url, version, response);
    if (received > 0 && !(response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${received}-`))) {
      await response.leave();
      throw lost;
    }
    try {
      for await (const bytes of response.body()) {
        received += bytes.byteLength;
        yield bytes;
      }
      return checkLength(url, response, received - before);
    } catch (error) {
      if (!ShoalError.is(error, "connection-lost")) throw error;
      fruitless = received > before ? 0 : fruitless + 1;
      const resumable = received === 0 || (version.startsWith('"') && !mayBeEncoded(response));
      if (!resumable || fruitless > 1 || error.details?.["silent"] === true) throw error;
      lost = error;
    }
  }
}

/** Not every runtime does so itself. */
function checkLength(url: string, answer: HttpAnswer, received: number): void {
  const promised = answer.headers.get("content-length");
  if (promised === null || mayBeEncoded(answer) || Number(promised) === received) return;
  throw new ShoalError("connection-lost", `${url} gave ${received} bytes and had promised ${promised}.`, { hint: "Run it again, or download the file first.", details: { url, received } });
}

/** Then lengths and ranges are not those of the bytes that come out. */
function mayBeEncoded({ headers, hidesHeaders }: HttpAnswer): boolean {
  return hidesHeaders || headers.has("content-encoding");
}

async function readRange(url: string, start: number, end: number, version: string, idleMs: number, signal: AbortSignal): Promise<Uint8Array> {
  const response = await httpRequest(url, { headers: { range: `bytes=${start}-${end - 1}` }, signal, idleMs });
  await checkAnswer(url, version, response);
  // A server that knows no ranges answers 200 with the whole file.
  let skip = response.status === 206 ? 0 : start;
  const asked = new Uint8Array(end - start);
  let at = 0;
  for await (const bytes of response.body()) {
    const wanted = bytes.subarray(skip, skip + asked.byteLength - at);
    skip = Math.max(0, skip - bytes.byteLength);
    asked.set(wanted, at);
    at += wanted.byteLength;
    if (at === asked.byteLength) return asked;
  }
  throw new ShoalError("file-truncated", `${url} gave ${at} bytes where bytes ${start} to ${end} were asked for.`, { hint: "The server cuts ranges short: download the file first, and read it from disk.", failure: "bug" });
}

/** That it is an answer, and of the same file. A refused one is read no further. */
async function checkAnswer(url: string, version: string, response: HttpAnswer): Promise<void> {
  const etag = response.headers.get("etag");
  const changed = etag !== null && version.includes('"') && etag !== version;
  if (response.ok && !changed) return;
  await response.leave();
  throw response.ok ? fileChanged(url, version, String(etag)) : refused(url, response);
}

/** @internal */
export function fileChanged(path: string, before: string, now: string): ShoalError {
  return new ShoalError("file-changed", `"${path}" changed while it was being read (it was ${before}, it is ${now}).`, {
    hint: "Run it again once the file is at rest.",
    failure: "bug",
    details: { path, before, now },
  });
}

function refused(url: string, response: HttpAnswer): ShoalError {
  const missing = response.status === 404 || response.status === 410;
  return new ShoalError(missing ? "file-not-found" : "http-refused", `${url} answered ${response.status} ${response.statusText}.`.replace(" .", "."), {
    hint: missing ? "Check the URL." : "Check that the URL can be read without signing in.",
    failure: "bug",
    details: { url, status: response.status },
  });
}
