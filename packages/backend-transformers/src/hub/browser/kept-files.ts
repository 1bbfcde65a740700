import { ShoalError, tellDownload, type Logger } from "@shoal/core";
import type { TellBytes } from "../../platform/model-platform.ts";
import { unauthorized } from "../fetch-file.ts";
import { coordinatorCopy } from "../coordinator-copy.ts";
import { fetchWithRetry } from "./fetch-with-retry.ts";
import { readBody } from "./read-body.ts";

/** A file that is here. */
export interface KeptFile {
  readonly size: number;
  bytes(): Promise<Uint8Array>;
  /** Where a library can fetch it from. `name`: for its messages. */
  url(name: string): string;
}

/**
 * What a copy is good for: a commit of the hub never changes, so its files are fetched once; what lies under a branch or another URL may,
 * so its copy serves while the server can't be reached; files that came with the page are the browser's business.
 */
export type CacheStrategy = "cache-first" | "network-first" | "network-only";

interface KeptFilesOptions {
  /** For messages. */
  readonly model: string;
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onBytes?: TellBytes | undefined;
}

const cacheName = "shoal-models";
const tokenHint = `Check the model's name; for a private or gated model accept its terms on its page, and give a token that may read it: serveActors({}, { hub: { token } }) in a worker entry of yours.`;
/** How often a long download is told of. */
const tellMs = 5000;

/** Files of servers, kept in the browser's Cache API where the page may use it: one download of a file at a time in all of the origin. */
export class KeptFiles {
  readonly #options: KeptFilesOptions;
  readonly #here = new Map<string, Promise<KeptFile | undefined>>();

  constructor(options: KeptFilesOptions) {
    this.#options = options;
  }

  /**
   * The file, or undefined where the server has none.
   * @throws `unauthorized`, `download-failed`
   */
  get(url: string, strategy: CacheStrategy, token?: string): Promise<KeptFile | undefined> {
    const file = this.#here.get(url) ?? this.#get(url, strategy, token);
    this.#here.set(url, file);
    return file;
  }

  async #get(url: string, strategy: CacheStrategy, token: string | undefined): Promise<KeptFile | undefined> {
    // A file in the URL itself is here already.
    if (/^data:/i.test(url)) return keptFile(await fetch(url));
    const cache = strategy === "network-only" ? undefined : await openCache();
    const place = coordinatorCopy(url) ?? url;
    return oneAtATime(place, this.#options.signal, async () => {
      const copy = await cache?.match(place);
      // What a coordinator lacked it may have by now; what it had never changes.
      const lasting = strategy === "cache-first" || (place !== url && copy?.status !== 404);
      if (copy !== undefined && (lasting || this.#options.offline)) return keptFile(copy);
      if (this.#options.offline) return undefined;
      return this.#fetch(url, place, token, cache, copy);
    });
  }

  async #fetch(url: string, place: string, token: string | undefined, cache: Cache | undefined, copy: Response | undefined): Promise<KeptFile | undefined> {
    const { model, signal } = this.#options;
    try {
      const options = { signal, token, ...(copy !== undefined && { mostFailures: 0 }) };
      const response = await fetchWithRetry(url, options);
      if (response.status === 401 || response.status === 403) throw await unauthorized({ url, model, token }, response, tokenHint);
      // Servers of pages answer with the page itself where they have no file.
      const absent = response.status === 404 || (response.ok && response.headers.get("content-type")?.startsWith("text/html") === true);
      if (!absent && !response.ok) throw new Error(`the server answered with status ${response.status}`);
      if (absent) {
        await response.body?.cancel();
        // The optional ones are asked for at every start.
        await cache?.put(place, new Response(null, { status: 404 })).catch(() => {});
        return undefined;
      }
      const blob = await readBody(url, response, { ...options, tell: this.#teller(url, response) });
      await cache?.put(place, new Response(blob)).catch((error: unknown) => this.#options.log.warn(`${url} can't be kept: ${String(error)}`));
      return fileOf(blob);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (ShoalError.is(cause)) throw cause;
      if (copy !== undefined) return keptFile(copy);
      throw new ShoalError("download-failed", `${url} (model "${model}") could not be downloaded: ${cause instanceof Error ? cause.message : String(cause)}.`, {
        cause, failure: "bug", hint: "Check the network and the address, and that the server lets this page read it (CORS); or serve the model's files with the page.", details: { url },
      });
    }
  }

  /** Tells the log that a file comes, and now and then how much of it is there. */
  #teller(url: string, response: Response): (bytes: number) => void {
    const { log, onBytes } = this.#options;
    tellDownload(log, { url, doneBytes: 0 });
    const length = Number(response.headers.get("content-length"));
    let told = performance.now();
    return (bytes) => {
      onBytes?.(url, bytes);
      if (performance.now() - told <= tellMs) return;
      told = performance.now();
      tellDownload(log, { url, doneBytes: bytes, ...(length > 0 && { bytes: length }) });
    };
  }
}

/** Undefined where a page may keep nothing: without https, or where the visitor forbids it. */
export async function openCache(): Promise<Cache | undefined> {
  const { caches } = globalThis as { readonly caches?: CacheStorage };
  return caches?.open(cacheName).catch(() => undefined);
}

function oneAtATime<T>(url: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { locks } = globalThis.navigator as { readonly locks?: LockManager };
  return locks === undefined ? work() : (locks.request(`shoal ${url}`, { signal }, work) as Promise<T>);
}

async function keptFile(response: Response): Promise<KeptFile | undefined> {
  return response.status === 404 ? undefined : fileOf(await response.blob());
}

/** The browser keeps large Blobs on disk. */
function fileOf(blob: Blob): KeptFile {
  let place: string | undefined;
  return {
    size: blob.size,
    bytes: async () => new Uint8Array(await blob.arrayBuffer()),
    url: (name) => `${(place ??= URL.createObjectURL(blob))}#${name}`,
  };
}
