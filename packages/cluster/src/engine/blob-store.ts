/** A part of a blob: `length` bytes from `start` on, or what there is of them. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * Bytes by what they are called: the SHA-256 of what they are, in lower-case hex; or, in a store with {@link BlobStore.release}, any name under which they were added. What is there never changes.
 */
export interface BlobStore {
  /**
   * Stores bytes unless they are there; durable when it resolves, whole or not at all. Either way they are as good as new for `collect`: so put
   * first, then commit what refers to them. They may be changed as soon as the call has returned.
   * @throws `blob-mismatch` when the bytes are not those of that name; `disk-full`, `file-error`, `engine-paused`: nothing is there, try again
   */
  put(sha256: string, bytes: Uint8Array): Promise<"stored" | "there">;
  /**
   * The same for bytes whose name the caller has seen to: their SHA-256 is not taken again. They are the store's from then on, and are not to be changed. Absent: `put` them.
   *
   * In a store with `release` the name may be any that no others have, "7.1" say: nobody but this process asks for them. In one without, bytes under another name than their SHA-256 are damaged ones, when they
   * are read.
   * @throws as `put`, but for `blob-mismatch`
   */
  add?(sha256: string, bytes: Uint8Array): Promise<void>;
  /**
   * Reads a blob or a part of it. Bytes that have changed where they lie are never given out.
   * @throws `blob-missing`; `blob-damaged`: it is then gone, and may be put again
   */
  get(sha256: string, range?: ByteRange): Promise<Uint8Array>;
  /**
   * Whoever has put a blob, or added it, needs it no more: when that was said as often as it was put, it is gone. Once for each time, and never for what others put.
   * Absent: what is there outlives this process, and goes by `collect` alone. A store that has it has `add` too.
   */
  release?(sha256: string): void;
  /** How many bytes it has; undefined when it is not there. */
  size(sha256: string): Promise<number | undefined>;
  /** Where others can read or write it themselves for a while, if they can: absent, or undefined, when bytes only go through the engine's user. */
  url?(sha256: string, method: "get" | "put", ttlMs: number): Promise<string | undefined>;
  /**
   * Removes the blobs that nothing refers to and that were put longer than `graceMs` ago: what was put within that time may be about to be committed.
   * @param isReferenced whether a ledger or a manifest that counts names it
   */
  collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }>;
}
