import { ShoalError, systemClock, tellDownload, type Logger } from "@shoal/core";
import type { TellBytes } from "../platform/model-platform.ts";
import { fetchFile, type FileResponse, type RemoteFile } from "./fetch-file.ts";
import type { HubFiles, PartialFile } from "./hub-files.ts";
import { IdleLimit } from "./idle-limit.ts";

/** Failures in a row, without a byte between them, that are borne. */
const usualFailures = 4;

/**
 * Downloads a file to `target`, once per machine: others that want it wait. It gets its name when it is whole, its length and where the
 * server gave one its SHA-256 checked. A cut connection, or one on which nothing comes for `idleMs`, is resumed, also by a later process.
 * @returns false where the server has no such file.
 * @throws `unauthorized`, `download-failed`, `download-corrupt`
 */
export async function download(file: RemoteFile, target: string, files: HubFiles, signal: AbortSignal, log: Logger, mostFailures = usualFailures, onBytes?: TellBytes, idleMs?: number): Promise<boolean> {
  await using _ = await files.lock(`${target}.lock`, signal);
  if (await files.isFile(target)) return true;
  const partialPath = `${target}.partial`;
  tellDownload(log, { url: file.url, doneBytes: 0 });
  const found = await fill(file, partialPath, files, signal, mostFailures, onBytes, idleMs);
  if (found) await files.rename(partialPath, target);
  else await files.remove(partialPath);
  await files.remove(`${partialPath}.etag`);
  return found;
}

async function fill(file: RemoteFile, path: string, files: HubFiles, signal: AbortSignal, mostFailures: number, onBytes?: TellBytes, idleMs?: number): Promise<boolean> {
  await using partial = await files.openPartial(path);
  let etag = new TextDecoder().decode((await files.read(`${path}.etag`)) ?? new Uint8Array()) || undefined;
  // Without a tag nobody knows whether the rest belongs to the same file.
  if (etag === undefined) await partial.clear();
  let failures = 0;
  for (;;) {
    const before = partial.size;
    const outcome = await attempt(file, partial, etag, (tag) => files.writeText(`${path}.etag`, tag), signal, onBytes, idleMs);
    if (outcome.done) {
      if (outcome.found) await check(file, partial, outcome.etag, files, path);
      return outcome.found;
    }
    etag = outcome.etag;
    failures = partial.size > before ? 0 : failures + 1;
    if (failures > mostFailures) throw failed(file, partial, outcome.cause);
    if (failures > 0) await systemClock.sleep(100 * 2 ** failures, signal);
    signal.throwIfAborted();
  }
}

type Outcome =
  | { readonly done: true; readonly found: boolean; readonly etag: string | undefined }
  | { readonly done: false; readonly cause: unknown; readonly etag: string | undefined };

async function attempt(file: RemoteFile, partial: PartialFile, etag: string | undefined, keepTag: (etag: string) => Promise<void>, signal: AbortSignal, onBytes?: TellBytes, idleMs?: number): Promise<Outcome> {
  using limit = new IdleLimit(signal, idleMs);
  let tag = etag;
  try {
    const range: Record<string, string> = partial.size > 0 ? { range: `bytes=${partial.size}-` } : {};
    const answer = await fetchFile(file, range, limit.signal);
    const { status } = answer.response;
    if (status === 404) return { done: true, found: false, etag: undefined };
    if (!(await continues(answer, partial, etag))) {
      await answer.response.body?.cancel();
      const cause = new Error(`the server answered with status ${status}`);
      if (status >= 400 && status < 500 && ![408, 416, 429].includes(status)) throw failed(file, partial, cause);
      return { done: false, cause, etag };
    }
    tag = answer.etag;
    if (tag !== undefined) await keepTag(tag);
    for await (const chunk of answer.response.body ?? []) {
      limit.seen();
      await partial.write(chunk);
      onBytes?.(file.url, partial.size);
    }
    if (answer.length !== undefined && partial.size < answer.length) return { done: false, cause: new Error(`${partial.size} of ${answer.length} bytes came`), etag: answer.etag };
    if (answer.length !== undefined && partial.size > answer.length) await refuse(file, partial, `${partial.size} bytes came where ${answer.length} were announced`);
    return { done: true, found: true, etag: answer.etag };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (ShoalError.is(cause)) throw cause;
    return { done: false, cause, etag: tag };
  }
}

/** The answer holds what comes next; where the server sent the whole file instead, what is there is dropped. */
async function continues(answer: FileResponse, partial: PartialFile, etag: string | undefined): Promise<boolean> {
  const { status, headers } = answer.response;
  if (status === 200) {
    if (partial.size > 0) await partial.clear();
    return true;
  }
  if (status === 206 && answer.etag === etag && headers.get("content-range")?.startsWith(`bytes ${partial.size}-`) === true) return true;
  // Another file by now, or a range that does not exist.
  if (status === 206 || status === 416) await partial.clear();
  return false;
}

async function check(file: RemoteFile, partial: PartialFile, etag: string | undefined, files: HubFiles, path: string): Promise<void> {
  if (etag === undefined || !/^[0-9a-f]{64}$/.test(etag)) return;
  const sum = await partial.sha256();
  if (sum === etag) return;
  await files.remove(`${path}.etag`);
  await refuse(file, partial, `its SHA-256 is ${sum} where the server says ${etag}`);
}

async function refuse(file: RemoteFile, partial: PartialFile, why: string): Promise<never> {
  await partial.clear();
  throw new ShoalError("download-corrupt", `${file.url} (model "${file.model}") came damaged: ${why}.`, {
    failure: "bug", hint: "Try again; if it stays so, a proxy on the way changes the file.", details: { url: file.url },
  });
}

function failed(file: RemoteFile, partial: PartialFile, cause: unknown): ShoalError {
  return new ShoalError("download-failed", `${file.url} (model "${file.model}") could not be downloaded: ${reason(cause)} (${partial.size} bytes are kept).`, {
    cause, failure: "bug", hint: "Check the network and try again: the download goes on where it ended. Without a network, put the model's files into a directory and name that.",
    details: { url: file.url },
  });
}

/** `fetch failed` says nothing; its cause does. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message !== "" ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
