import { ShoalError } from "@shoal/core";
import type { Output, OutputFile, OutputOptions, OutputPlace } from "./output.ts";
import { lettersBeside } from "./output-names.ts";

/** An output that is kept in memory, to be handed on: downloaded from a page, sent by a server. */
export interface MemoryFile extends OutputPlace {
  /** The output, whole. @throws `nothing-written` before a run has finished */
  toFile(): File;
  /** The rows that failed, as JSON Lines, where there are any. */
  deadLettersFile(): File | undefined;
}

const types: Readonly<Record<string, string>> = {
  csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/jsonl", ndjson: "application/x-ndjson", gz: "application/gzip",
  parquet: "application/vnd.apache.parquet", arrow: "application/vnd.apache.arrow.file", feather: "application/vnd.apache.arrow.file", arrows: "application/vnd.apache.arrow.stream",
};

/**
 * One file in memory for a sink to write, instead of a path: `parquet(memoryFile("labels.parquet"))`. A file in the making is never seen.
 * @param name of the File that it gives; its extension says what a path's says (`labels.csv.gz` is compressed)
 */
export function memoryFile(name: string): MemoryFile {
  let file: File | undefined;
  let letters: File | undefined;
  let busy = false;
  const lettersName = lettersBeside(name);
  return {
    name,
    toFile() {
      if (file !== undefined) return file;
      throw new ShoalError("nothing-written", `Nothing has been written to "${name}" yet.`, { hint: "Await the run that writes it, as in: await dataset.writeParquet(file).", failure: "bug" });
    },
    deadLettersFile: () => letters,
    async open({ mode = "error" }: OutputOptions): Promise<Output> {
      if (busy) throw new ShoalError("output-busy", `Another run is writing "${name}" now.`, { hint: "Wait for it, or write to another memoryFile.", failure: "bug" });
      if (mode === "error" && file !== undefined) {
        throw new ShoalError("output-exists", `There is already an output in "${name}".`, { hint: `Write to another memoryFile, or replace it with { mode: "overwrite" }.`, failure: "bug" });
      }
      busy = true;
      let parts: BlobPart[] = [];
      let letterParts: BlobPart[] | undefined;
      return {
        location: name,
        single: true,
        nextFile: async () => partsFile(name, parts),
        deadLetters: async () => partsFile(lettersName, (letterParts ??= [])),
        async publish() {
          file = new File(parts, name, { type: types[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "" });
          letters = letterParts === undefined ? undefined : new File(letterParts, lettersName, { type: "application/jsonl" });
          busy = false;
          return { files: [name], ...(letters === undefined ? {} : { deadLetters: lettersName }) };
        },
        async discard() {
          parts = [];
          busy = false;
        },
      };
    },
  };
}

function partsFile(path: string, parts: BlobPart[]): OutputFile {
  let size = 0;
  return {
    path,
    async write(bytes) {
      size += bytes.byteLength;
      // As a Blob, which a browser may keep on disk; and encoders use their memory again.
      parts.push(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    },
    close: async () => size,
  };
}
