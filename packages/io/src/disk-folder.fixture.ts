import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestFolder } from "./test-folder.fixture.ts";

export async function diskFolder(): Promise<TestFolder> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-test-"));
  const path = (name = ""): string => join(folder, name);
  return {
    path,
    async write(name, content) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), content);
      return path(name);
    },
    bytes: async (name) => new Uint8Array(await readFile(path(name))),
    text: (name) => readFile(path(name), "utf8"),
    names: async (name) => (await readdir(path(name))).toSorted(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
