import { ShoalError } from "@shoal/core";
import type { FileStore } from "../file-store.ts";
import { httpFiles } from "../http-files.ts";

/** What lies beside a page: URLs relative to it. */
export const pageFiles: FileStore = {
  find: (path, extensions, signal) => httpFiles.find(besidePage(path), extensions, signal),
  open: (path, signal) => httpFiles.open(besidePage(path), signal),
};

/** @throws `bad-url` */
function besidePage(path: string): string {
  const { document, location } = globalThis as { readonly document?: { readonly baseURI: string }; readonly location?: { readonly href: string } };
  const page = document?.baseURI ?? location?.href;
  try {
    return new URL(path, page).href;
  } catch (cause) {
    throw new ShoalError("bad-url", `"${path}" is no URL, and not one relative to ${page ?? "a page, as there is none"}.`, { hint: "Give a whole URL (https://…).", failure: "bug", cause });
  }
}
