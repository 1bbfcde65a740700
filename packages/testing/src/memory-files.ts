import { sha256Of, type FileStore } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";

/** Files in memory, gone with their process. */
export function memoryFiles(): FileStore {
  const whole = new Map<string, Uint8Array>();
  const growing = new Map<string, Uint8Array>();
  return {
    has: async (sha256) => whole.has(sha256),
    arrived: async (sha256) => growing.get(sha256)?.byteLength ?? 0,
    put: async (sha256, offset, bytes, last) => {
      if (whole.has(sha256)) return;
      const before = growing.get(sha256) ?? new Uint8Array();
      const length = before.byteLength;
      if (offset > length) throw new ShoalError("bad-offset", `Bytes from ${offset} on of file ${sha256} came after ${length}.`, { hint: "Send the file again from its start.", failure: "bug" });
      const file = new Uint8Array(Math.max(length, offset + bytes.byteLength));
      file.set(before);
      file.set(bytes.subarray(length - offset), length);
      growing.set(sha256, file);
      if (!last) return;
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
