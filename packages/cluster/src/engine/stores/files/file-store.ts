import type { ByteRange } from "../../blob-store.ts";

/** Files of models and of code, by their SHA-256 in lower-case hex. */
export interface FileStore {
  has(sha256: string): Promise<boolean>;
  /**
   * Takes the next bytes of a file; with the last ones it is there. Who sends it again from the start, or beside another, is only heard for what is new.
   * @throws `bad-offset` where bytes before these are missing; `blob-mismatch` at the end, when they are not what they are called
   */
  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void>;
  /** How many bytes of a file that is not whole have come to this process, from its start. Absent: nobody can tell. */
  arrived?(sha256: string): Promise<number>;
  /** Takes a file that is on this machine, without copying it. Absent where there are no files. */
  add?(sha256: string, path: string): Promise<void>;
  /** Lets go of files, of which none that is needed; which of the others, is for whoever keeps them to say. Absent where they end with their process. */
  collect?(isNeeded: (sha256: string) => boolean): Promise<void>;
  /** @throws `blob-missing` */
  read(sha256: string, range?: ByteRange): Promise<Uint8Array>;
}
