import process from "node:process";
import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import type { FileStore, SourceFile } from "../file-store.ts";

const file: SourceFile = {
  path: "-",
  size: undefined,
  version: "once",
  async *stream(signal) {
    try {
      for await (const bytes of process.stdin as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted();
        yield bytes;
      }
    } catch (error) {
      throw fileError(error, "read standard input");
    }
  },
  bytes() {
    throw new ShoalError("not-seekable", "Standard input can only be read from its beginning to its end.", { hint: "Write it to a file first, and name that." });
  },
};

/** `-`: what is piped into this process. It can be read once. */
export const standardInput: FileStore = {
  find: async () => [file],
  open: async () => file,
};
