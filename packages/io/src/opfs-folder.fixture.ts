import type { TestFolder } from "./test-folder.fixture.ts";

export interface OpfsTestFolder extends TestFolder {
  /** With all that is in it. */
  removeEntry(name: string): Promise<void>;
}

export async function opfsFolder(): Promise<OpfsTestFolder> {
  const root = await navigator.storage.getDirectory();
  const own = `test-${crypto.randomUUID()}`;
  const folder = await root.getDirectoryHandle(own, { create: true });
  const directory = async (steps: readonly string[], create = false): Promise<FileSystemDirectoryHandle> => {
    let at = folder;
    for (const step of steps) at = await at.getDirectoryHandle(step, { create });
    return at;
  };
  const file = async (name: string, create = false): Promise<FileSystemFileHandle> => {
    const steps = name.split("/");
    return (await directory(steps.slice(0, -1), create)).getFileHandle(steps.at(-1) as string, { create });
  };
  const path = (name?: string): string => `opfs:/${own}${name === undefined ? "" : `/${name}`}`;
  return {
    path,
    async write(name, content) {
      const writable = await (await file(name, true)).createWritable();
      await writable.write(content as string);
      await writable.close();
      return path(name);
    },
    bytes: async (name) => new Uint8Array(await (await (await file(name)).getFile()).arrayBuffer()),
    text: async (name) => (await (await file(name)).getFile()).text(),
    async names(name) {
      const names: string[] = [];
      for await (const each of (await directory(name === undefined ? [] : name.split("/"))).keys()) names.push(each);
      return names.toSorted();
    },
    async removeEntry(name) {
      const steps = name.split("/");
      await (await directory(steps.slice(0, -1))).removeEntry(steps.at(-1) as string, { recursive: true });
    },
    remove: () => root.removeEntry(own, { recursive: true }),
  };
}
