import { sha256Of, type BlobStore } from "../../engine/index.ts";
import { joinedBytes } from "../../engine/joined-bytes.ts";
import { putBlob } from "./put-blob.ts";

/** Where bytes lie that have no blob of their own. */
export interface BlobPart {
  /** The SHA-256 of the blob that holds several. */
  readonly blob: string;
  readonly start: number;
  readonly bytes: number;
}

interface Waiting {
  /** What they are called. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly resolve: (part: BlobPart | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Of one job. */
interface Gathering {
  waiting: Waiting[];
  waitingBytes: number;
  /** Blobs on their way. */
  storing: number;
}

/** Larger ones cost a store little more than their bytes. */
const smallBytes = 16 << 10;
/** Whoever reads one of them reads them all. */
const mostTogether = 256 << 10;
/** Blobs of one job on their way, where results come faster than the store takes them. */
const mostStoring = 8;

/**
 * Puts small results among the blobs: the first that comes at once, and those that come meanwhile as one blob, for a store takes as long for a small blob as for a hundred of them. Only results of
 * one job lie together: what nobody wants any more goes as a whole.
 */
export class GatheredResults {
  readonly #blobs: BlobStore;
  readonly #gathering = new Map<string, Gathering>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /**
   * @param name what the bytes are called: that it is theirs was seen to, or is taken on trust
   * @param bytes not to be changed
   * @returns where they lie, where not under that name
   * @throws what the store does: nothing is kept then
   */
  store(job: string, name: string, bytes: Uint8Array): Promise<BlobPart | undefined> {
    if (bytes.byteLength > smallBytes) return putBlob(this.#blobs, name, bytes).then(() => undefined);
    return new Promise((resolve, reject) => {
      let gathering = this.#gathering.get(job);
      if (gathering === undefined) this.#gathering.set(job, (gathering = { waiting: [], waitingBytes: 0, storing: 0 }));
      gathering.waiting.push({ name, bytes, resolve, reject });
      gathering.waitingBytes += bytes.byteLength;
      if (gathering.storing === 0 || (gathering.waitingBytes >= mostTogether && gathering.storing < mostStoring)) void this.#storeAll(job, gathering);
    });
  }

  async #storeAll(job: string, gathering: Gathering): Promise<void> {
    gathering.storing++;
    // Whoever comes in this same turn belongs to them.
    await Promise.resolve();
    while (gathering.waiting.length > 0) {
      const together = taken(gathering);
      try {
        await this.#storeTogether(together);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    if (--gathering.storing === 0) this.#gathering.delete(job);
  }

  async #storeTogether(together: readonly Waiting[]): Promise<void> {
    const [first] = together as readonly [Waiting];
    if (together.length === 1) {
      await putBlob(this.#blobs, first.name, first.bytes);
      return first.resolve(undefined);
    }
    const joined = joinedBytes(together.map(({ bytes }) => bytes));
    const blob = await sha256Of(joined);
    await putBlob(this.#blobs, blob, joined);
    let start = 0;
    for (const { bytes: { byteLength }, resolve } of together) {
      resolve({ blob, start, bytes: byteLength });
      start += byteLength;
    }
  }
}

/** As many as may lie together. */
function taken(gathering: Gathering): readonly Waiting[] {
  const { waiting } = gathering;
  let bytes = 0;
  let count = 0;
  for (; count < waiting.length; count++) {
    const more = (waiting[count] as Waiting).bytes.byteLength;
    if (count > 0 && bytes + more > mostTogether) break;
    bytes += more;
  }
  gathering.waitingBytes -= bytes;
  return waiting.splice(0, count);
}
