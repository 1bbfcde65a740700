import { once } from "node:events";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import type { Output, OutputFile } from "../output.ts";

/** Standard output: bytes are gone when they are written, so there is nothing to publish or to take back. */
export function openStandardOutput(): Output {
  let failed: unknown;
  // Without a listener a closed pipe would end the process.
  const onError = (error: unknown): void => void (failed = error);
  process.stdout.on("error", onError);
  const release = (): void => void setImmediate(() => process.stdout.off("error", onError));
  let size = 0;
  const file: OutputFile = {
    path: "-",
    async write(bytes) {
      if (failed === undefined && !process.stdout.write(bytes)) await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch((error: unknown) => (failed ??= error));
      if (failed !== undefined) throw fileError(failed, "write to standard output");
      size += bytes.byteLength;
    },
    close: async () => size,
  };
  return {
    location: "-",
    single: true,
    nextFile: async () => file,
    deadLetters() {
      throw new ShoalError("no-place-for-dead-letters", "Standard output has no place for dead letters beside it.", { hint: 'Write to a file or a folder, or name a file for them: { deadLetters: "failed.jsonl" }.', failure: "bug" });
    },
    async publish() {
      // A process that ends now must not take bytes with it that are still on their way.
      const error = await new Promise<unknown>((resolve) => process.stdout.write("", resolve));
      release();
      if (error != null || failed !== undefined) throw fileError(error ?? failed, "write to standard output");
      return { files: ["-"] };
    },
    async discard() {
      release();
    },
  };
}
