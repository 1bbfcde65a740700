import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Folder } from "./folder.ts";

export async function diskFolder(): Promise<Folder> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-everywhere-"));
  return {
    path: (name) => join(folder, name),
    write: (name, content) => writeFile(join(folder, name), content),
    text: (name) => readFile(join(folder, name), "utf8").catch(() => undefined),
    names: async () => (await readdir(folder)).toSorted(),
    remove: () => rm(folder, { recursive: true }),
  };
}
