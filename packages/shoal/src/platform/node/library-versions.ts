import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What the numbers of a row depend on. */
const libraries = ["onnxruntime-node", "onnxruntime-web", "@huggingface/tokenizers", "@huggingface/transformers"];

/** The versions of Shoal and of the libraries that results depend on, as far as they are installed. */
export function libraryVersions(): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {};
  const own = versionAbove(fileURLToPath(import.meta.url), "shoal");
  if (own !== undefined) versions["shoal"] = own;
  for (const name of libraries) {
    const version = versionOf(name);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

function versionOf(name: string): string | undefined {
  for (const from of [import.meta.url, pathToFileURL(`${process.cwd()}/`).href]) {
    try {
      return versionAbove(createRequire(from).resolve(name), name);
    } catch {}
  }
  return undefined;
}

/** Of the nearest package.json of that name above a file. */
function versionAbove(file: string, name: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const found = JSON.parse(readFileSync(path, "utf8")) as { name?: string; version?: string };
    if (found.name === name) return found.version;
  }
  return undefined;
}
