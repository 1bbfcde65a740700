import type { ByteRange } from "../../blob-store.ts";
import type { KeptFile } from "./prune-files.ts";

/** A whole file of this machine, on its way into a place. */
export interface GatheredFile {
  readonly bytes: number;
  /** Where it lies, for a place on the same machine. */
  readonly path: string;
  /** Whether the place may have the file itself, rather than a copy. */
  readonly isOurs: boolean;
  /** A part of it. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where whole files lie. Names are checked before it is asked. */
export interface FilePlace {
  /** How many bytes it has, and when somebody asked for it last; undefined when it is not there. */
  find(sha256: string): Promise<{ readonly bytes: number; readonly usedAt: number } | undefined>;
  /** Somebody asked for it at this time, in milliseconds since 1970. */
  markUsed(sha256: string, at: number): Promise<void>;
  /** From then on it is there, whole and durable; what is there already may stay as it is. */
  publish(sha256: string, file: GatheredFile): Promise<void>;
  /** Its bytes in order. @throws `blob-missing` */
  parts(sha256: string, range: ByteRange): AsyncGenerator<Uint8Array>;
  list(): Promise<readonly KeptFile[]>;
  remove(sha256: string): Promise<void>;
}

export function isSha256(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
