import type { ByteRange } from "../../blob-store.ts";

/** Files of models and of code, by SHA-256 in lower-case hex. What the gateway calls a `FileStore`, and what it takes to serve them. */
export interface StoredFiles {
  has(sha256: string): Promise<boolean>;
  /** Undefined when it is not there. */
  size(sha256: string): Promise<number | undefined>;
  /**
   * Takes the next bytes of a file; with the last ones it is there. Who sends it again from the start, or beside another, is only heard for what is new.
   * @throws `bad-offset` where bytes before these are missing; `blob-mismatch` at the end, when they are not what they are called
   */
  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void>;
  /** How many bytes of a file that is not whole have come to this process, from its start. */
  arrived(sha256: string): Promise<number>;
  /**
   * Takes a file of this machine. Where the files are this process's own it is read where it lies, and has to stay; where others serve them too, it is copied.
   * @throws `blob-mismatch`, and what the file system says
   */
  add(sha256: string, path: string): Promise<void>;
  /** @throws `blob-missing` */
  read(sha256: string, range?: ByteRange): Promise<Uint8Array>;
  /** The same, piece by piece. */
  parts(sha256: string, range: ByteRange): AsyncGenerator<Uint8Array>;
  /** Removes what was not asked for in long, and what is too much; and what began to come and never went on. Nothing that is needed. */
  collect(isNeeded: (sha256: string) => boolean): Promise<void>;
  close(): Promise<void>;
}
