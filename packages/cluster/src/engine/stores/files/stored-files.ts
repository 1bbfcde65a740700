import type { ByteRange } from "../../blob-store.ts";
import type { FileStore } from "./file-store.ts";

/** A `FileStore`, and what it takes to serve its files. */
export interface StoredFiles extends FileStore {
  /** Undefined when it is not there. */
  size(sha256: string): Promise<number | undefined>;
  arrived(sha256: string): Promise<number>;
  /**
   * Takes a file of this machine. Where the files are this process's own it is read where it lies, and has to stay; where others serve them too, it is copied.
   * @throws `blob-mismatch`, and what the file system says
   */
  add(sha256: string, path: string): Promise<void>;
  /** What `read` gives, piece by piece. */
  parts(sha256: string, range: ByteRange): AsyncGenerator<Uint8Array>;
  /** Removes what was not asked for in long, and what is too much; and what began to come and never went on. Nothing that is needed. */
  collect(isNeeded: (sha256: string) => boolean): Promise<void>;
  close(): Promise<void>;
}
