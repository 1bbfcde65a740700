import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const workspace = fileURLToPath(new URL("../../", import.meta.url));

export async function manifest(folder: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
}

/**
 * The folders of what is published, as `packages/core` and `apps/coordinator`: their package.json has a `publishConfig`. It also says `private`, which the
 * packed copies don't: what lies here may not be built, and its pages link to one another.
 */
export async function publicPackages(): Promise<string[]> {
  const folders = (await Promise.all(["packages", "apps"].map(foldersIn))).flat();
  const manifests = await Promise.all(folders.map((folder) => manifest(join(workspace, folder))));
  return folders.filter((_, at) => manifests[at]?.["publishConfig"] !== undefined);
}

async function foldersIn(parent: string): Promise<string[]> {
  return (await readdir(join(workspace, parent), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => `${parent}/${name}`);
}
