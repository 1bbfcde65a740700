import { IdleLimit } from "../idle-limit.ts";
import { fetchWithRetry, usualFailures, waitAfter, type FetchOptions } from "./fetch-with-retry.ts";

interface ReadOptions extends FetchOptions {
  /** Told of the bytes that are there, now and then. */
  readonly tell: (bytes: number) => void;
}

/** Held in memory until it is a Blob, which a browser may keep on disk. */
const pieceBytes = 2 ** 24;

/**
 * The whole of an answer's body. Where the connection is cut, or nothing comes any more, the rest is asked for, or where nobody knows whether it belongs to the same
 * file, all of it anew.
 * @throws what the last attempt threw, when nothing new came for too often
 */
export async function readBody(url: string, response: Response, { tell, ...options }: ReadOptions): Promise<Blob> {
  const { signal, mostFailures = usualFailures } = options;
  const etag = strongEtag(response);
  const partial = new PartialBlob(tell);
  let answer: Response | undefined = response;
  let [failures, furthest] = [0, 0];
  for (;;) {
    try {
      answer ??= await restOf(url, partial, etag, options);
      await partial.append(answer.body, signal, options.idleMs);
      return partial.whole();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failures = partial.size > furthest ? 0 : failures + 1;
      furthest = Math.max(furthest, partial.size);
      if (failures >= mostFailures) throw error;
    }
    answer = undefined;
    await waitAfter(failures, signal);
  }
}

/** An answer that continues what is there; where there can be none, what is there is dropped for one that begins anew. */
async function restOf(url: string, partial: PartialBlob, etag: string | undefined, options: FetchOptions): Promise<Response> {
  if (partial.size > 0 && etag !== undefined) {
    const rest = await fetchWithRetry(url, { ...options, headers: { range: `bytes=${partial.size}-` } });
    // Of another origin the header can be read only where its server says so.
    const continues = rest.headers.get("content-range")?.startsWith(`bytes ${partial.size}-`) === true;
    if (rest.status === 206 && continues && strongEtag(rest) === etag) return rest;
    await rest.body?.cancel();
  }
  partial.clear();
  const anew = await fetchWithRetry(url, options);
  if (!anew.ok) throw new Error(`the server answered with status ${anew.status}`);
  return anew;
}

/** A weak one says that a file means the same, not that its bytes are. */
function strongEtag(response: Response): string | undefined {
  const etag = response.headers.get("etag");
  return etag === null || etag.startsWith("W/") ? undefined : etag;
}

class PartialBlob {
  readonly #tell: (bytes: number) => void;
  #pieces: Blob[] = [];
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #chunkBytes = 0;
  size = 0;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  /** @throws where nothing comes for `idleMs` */
  async append(body: ReadableStream<Uint8Array<ArrayBuffer>> | null, signal: AbortSignal, idleMs: number | undefined): Promise<void> {
    if (body === null) return;
    const reader = body.getReader();
    using limit = new IdleLimit(signal, idleMs);
    // A reader that is cancelled says that it has come to the end.
    limit.signal.addEventListener("abort", () => void reader.cancel(limit.signal.reason).catch(() => {}), { once: true });
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      limit.seen();
      this.#add(next.value);
    }
    limit.signal.throwIfAborted();
  }

  #add(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.byteLength;
    this.size += chunk.byteLength;
    if (this.#chunkBytes >= pieceBytes) this.#cut();
    this.#tell(this.size);
  }

  #cut(): void {
    this.#pieces.push(new Blob(this.#chunks));
    this.#chunks = [];
    this.#chunkBytes = 0;
  }

  clear(): void {
    [this.#pieces, this.#chunks, this.#chunkBytes, this.size] = [[], [], 0, 0];
  }

  whole(): Blob {
    this.#cut();
    return new Blob(this.#pieces);
  }
}
