import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const workspace = fileURLToPath(new URL("../../", import.meta.url));

export async function manifest(folder: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
}

/** The folders in packages/ of what is published. */
export async function publicPackages(): Promise<string[]> {
  const folders = (await readdir(join(workspace, "packages"), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const manifests = await Promise.all(folders.map((name) => manifest(join(workspace, "packages", name))));
  return folders.filter((_, at) => manifests[at]?.["private"] !== true);
}
