import { ShoalError } from "@shoal/core";
import { isOpfsPath } from "../opfs-path.ts";
import type { IoPlatform } from "./io-platform.ts";

/** A page, or a worker of one: URLs, Blobs and OPFS. */
export const platform: IoPlatform = {
  get parallelism() {
    return navigator.hardwareConcurrency;
  },
  async storeOf(path) {
    if (isOpfsPath(path)) return (await import("../browser/opfs-files.ts")).opfsFiles;
    if (isLocal(path)) throw noLocalFiles(path);
    return (await import("../browser/page-files.ts")).pageFiles;
  },
  async openOutput(path, options) {
    if (isOpfsPath(path)) return (await import("../browser/opfs-output.ts")).openOpfsOutput(path, options);
    throw new ShoalError("no-local-files", `Can't write "${path}": a browser has no local paths.`, {
      hint: `Write to OPFS ("opfs:/${path.replace(/^[./\\]+/, "") || "out"}"), or to memoryFile(name), whose File a page can let people download.`,
      failure: "bug",
      details: { path },
    });
  },
  // There are no links. What is not there holds nothing.
  realPath: async (path) => (isOpfsPath(path) ? `opfs:/${(await import("../browser/opfs-place.ts")).opfsSteps(path).join("/")}` : undefined),
  gunzip: async () => (await import("../browser/gunzip-stream.ts")).gunzipByStream,
  gzipFile: async (file) => (await import("../browser/gzip-stream.ts")).gzipByStream(file),
  startThread: async () => (await import("../browser/web-thread.ts")).startWebThread(),
  imageDecoder: async () => (await import("../browser/decode-image-by-browser.ts")).decodeImageByBrowser,
};

/** What can't be meant as a URL relative to the page's. */
function isLocal(path: string): boolean {
  return path === "-" || path.includes("\\") || /^[a-z][a-z0-9+.-]*:/i.test(path) || /[*{[]/.test(path);
}

function noLocalFiles(path: string): ShoalError {
  return new ShoalError("no-local-files", `Can't read "${path}": a browser has no local files${path === "-" ? " and no standard input" : ""}.`, {
    hint: `Give a File or Blob (of <input type="file">, or dropped), a URL (relative ones start at the page), or "opfs:/…".`,
    failure: "bug",
    details: { path },
  });
}
