import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { ConcreteDevice } from "@shoal/core";
import { list } from "./detect-resources.ts";

/** What is asked about this machine. */
export interface Surroundings {
  /** Whether a package can be imported. It is not loaded. */
  readonly installed: (library: string) => boolean;
  /** The names in a folder. */
  readonly entries: (folder: string) => readonly string[];
  readonly platform: string;
}

/**
 * The device that runs every model here, and whose results say what is right: the CPU; by wasm where the native library can't load. Never
 * both: a trial of wasm beside a native CPU would cost every first run and win none.
 */
export function baselineDevice({ installed, entries, platform }: Surroundings = here): ConcreteDevice {
  const native = installed("onnxruntime-node") && !(platform === "linux" && isMusl(entries));
  return native || !installed("onnxruntime-web") ? "cpu" : "wasm";
}

/** Libraries with native parts are built for glibc, whose loader such a system lacks. */
function isMusl(entries: Surroundings["entries"]): boolean {
  const loaders = ["/lib", "/lib64"].flatMap(entries);
  return loaders.some((name) => name.startsWith("ld-musl-")) && !loaders.some((name) => name.startsWith("ld-linux"));
}

const here: Surroundings = {
  installed: (library) => [import.meta.url, pathToFileURL(`${process.cwd()}/`).href].some((from) => resolves(library, from)),
  entries: list,
  platform: process.platform,
};

function resolves(library: string, from: string): boolean {
  try {
    createRequire(from).resolve(library);
    return true;
  } catch {
    return false;
  }
}
