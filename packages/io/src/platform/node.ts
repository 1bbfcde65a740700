import { realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { isOpfsPath } from "../opfs-path.ts";
import type { DecodeImageBytes } from "../decode-image.ts";
import type { FileStore } from "../file-store.ts";
import type { IoPlatform } from "./io-platform.ts";

// Importing them anew for each of many thousand files takes longer than opening them.
let localFiles: FileStore | undefined;
let decodeImageBytes: DecodeImageBytes | undefined;

/** Node, Bun and Deno: files of this machine, standard input and output. */
export const platform: IoPlatform = {
  get parallelism() {
    return availableParallelism();
  },
  async storeOf(path) {
    if (path === "-") return (await import("../node/standard-input.ts")).standardInput;
    if (isOpfsPath(path)) throw noOpfs("read", path);
    return (localFiles ??= (await import("../node/local-files.ts")).localFiles);
  },
  async openOutput(path, options) {
    if (path === "-") return (await import("../node/standard-output.ts")).openStandardOutput();
    if (isOpfsPath(path)) throw noOpfs("write", path);
    return (await import("../node/publish.ts")).openOutput(path, options);
  },
  async realPath(path) {
    if (path === "-" || isOpfsPath(path) || /^https?:/i.test(path)) return undefined;
    const { localPath } = await import("../node/local-files.ts");
    return realpath(localPath(path)).catch(() => undefined);
  },
  // It alone reads files of several gzip members on Node, Bun and Deno alike.
  gunzip: async () => (await import("../node/gunzip-zlib.ts")).gunzipByZlib,
  gzipFile: async (file) => (await import("../node/gzip-file.ts")).gzipFile(file),
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  startThread: async () => (await import("../node/node-thread.ts")).startNodeThread(),
  imageDecoder: async () => (decodeImageBytes ??= (await import("../node/decode-image-by-library.ts")).decodeImageByLibrary),
};

function noOpfs(doing: string, path: string): ShoalError {
  return new ShoalError("no-opfs", `Can't ${doing} "${path}": only browsers have OPFS, a page's own files.`, { hint: "Here, name a path of this machine.", failure: "bug", details: { path } });
}
