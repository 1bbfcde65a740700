/** A folder of its own for a test: on disk, and in a page in OPFS. */
export interface Folder {
  path(name: string): string;
  write(name: string, content: Uint8Array): Promise<void>;
  /** Undefined where there is no such file. */
  text(name: string): Promise<string | undefined>;
  /** What is right in it, hidden things too. */
  names(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function newFolder(): Promise<Folder> {
  return "document" in globalThis ? opfsFolder() : (await import("./disk-folder.ts")).diskFolder();
}

async function opfsFolder(): Promise<Folder> {
  const root = await navigator.storage.getDirectory();
  const own = `test-${crypto.randomUUID()}`;
  const folder = await root.getDirectoryHandle(own, { create: true });
  const file = async (path: string, create: boolean): Promise<FileSystemFileHandle> => {
    const steps = path.split("/");
    let at = folder;
    for (const step of steps.slice(0, -1)) at = await at.getDirectoryHandle(step);
    return at.getFileHandle(steps.at(-1) as string, { create });
  };
  return {
    path: (name) => `opfs:/${own}/${name}`,
    async write(name, content) {
      const writable = await (await file(name, true)).createWritable();
      await writable.write(content as Uint8Array<ArrayBuffer>);
      await writable.close();
    },
    text: async (name) => file(name, false).then(async (handle) => (await handle.getFile()).text(), () => undefined),
    async names() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names.toSorted();
    },
    remove: () => root.removeEntry(own, { recursive: true }),
  };
}
