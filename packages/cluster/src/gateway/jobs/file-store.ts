import { ShoalError } from "@shoal/core";
import { sha256Of, type ByteRange } from "../../engine/index.ts";
import { joinedBytes } from "../../engine/joined-bytes.ts";

/** Files of models and of code, by the SHA-256 of what they are. */
export interface FileStore {
  has(sha256: string): Promise<boolean>;
  /**
   * Takes the next bytes of a file; with the last ones it is there. Who sends it again from the start, or beside another, is only heard for what is new.
   * @throws `bad-offset` where bytes before these are missing; `blob-mismatch` at the end, when they are not what they are called
   */
  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void>;
  /** How many bytes of a file that is not whole have come, from its start. Absent: nobody can tell. */
  arrived?(sha256: string): Promise<number>;
  /** Takes a file that is on this machine, without copying it. Absent where there are no files. */
  add?(sha256: string, path: string): Promise<void>;
  /** Lets go of files, of which none that is needed; which of the others, is for whoever keeps them to say. Absent where they end with their process. */
  collect?(isNeeded: (sha256: string) => boolean): Promise<void>;
  /** @throws `blob-missing` */
  read(sha256: string, range?: ByteRange): Promise<Uint8Array>;
}

/** Files in memory, gone with their process. */
export function memoryFiles(): FileStore {
  const whole = new Map<string, Uint8Array>();
  const growing = new Map<string, Uint8Array[]>();
  return {
    has: async (sha256) => whole.has(sha256),
    arrived: async (sha256) => (growing.get(sha256) ?? []).reduce((sum, part) => sum + part.byteLength, 0),
    put: async (sha256, offset, bytes, last) => {
      if (whole.has(sha256)) return;
      const parts = growing.get(sha256) ?? [];
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
      if (offset > length) throw new ShoalError("bad-offset", `Bytes from ${offset} on of file ${sha256} came after ${length}.`, { hint: "Send the file again from its start.", failure: "bug" });
      growing.set(sha256, [...parts, bytes.slice(length - offset)]);
      if (!last) return;
      const file = joinedBytes(growing.get(sha256) ?? []);
      const actual = await sha256Of(file);
      growing.delete(sha256);
      if (actual !== sha256) {
        throw new ShoalError("blob-mismatch", `Bytes came as file ${sha256}, but their SHA-256 is ${actual}.`, { hint: "Send the file again: it may have changed meanwhile.", failure: "bug", details: { sha256, actual } });
      }
      whole.set(sha256, file);
    },
    read: async (sha256, range) => {
      const file = whole.get(sha256);
      if (file === undefined) throw new ShoalError("blob-missing", `There is no file ${sha256}.`, { hint: "Bring the job again: its driver sends what is missing.", details: { sha256 } });
      return range === undefined ? file : file.subarray(range.start, range.start + range.length);
    },
  };
}
