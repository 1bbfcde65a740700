import type { Disk, DiskFile } from "@shoal/cluster/embedded";
import type { SeededRandom } from "@shoal/testing";

interface Content {
  bytes: Uint8Array;
  /** How much of them a power cut can't take. */
  synced: number;
}

/** What is asked of the disk, before it is done: whoever throws here makes it fail. */
export type Watcher = (operation: "create" | "write" | "sync" | "rename" | "link" | "remove" | "syncFolder", path: string) => void;

const sectorBytes = 64;

/** A disk in memory that can fail, and loses in a power cut whatever a real one may lose: bytes that were not synced, in any order, and names in folders that were not. */
export class FragileDisk implements Disk {
  readonly #names: Map<string, Content>;
  readonly #durableNames: Map<string, Content>;
  #watch: Watcher = () => {};

  constructor(names: ReadonlyMap<string, Content> = new Map()) {
    this.#names = new Map(names);
    this.#durableNames = new Map(names);
  }

  watch(watcher: Watcher): void {
    this.#watch = watcher;
  }

  bytes(path: string): Uint8Array {
    return this.#find(path).bytes;
  }

  /** The same disk with other bytes in one file, all of them synced. */
  changed(path: string, bytes: Uint8Array): FragileDisk {
    const names = new Map([...this.#names].map(([name, content]) => [name, { ...content }]));
    names.set(path, { bytes, synced: bytes.byteLength });
    return new FragileDisk(names);
  }

  /** As it is found after the power went out now. */
  afterPowerCut(random: SeededRandom): FragileDisk {
    const names = new Map<string, Content>();
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const content = (random.chance(0.5) ? this.#names : this.#durableNames).get(name);
      if (content === undefined) continue;
      const bytes = content.bytes.slice(0, random.between(Math.min(content.synced, content.bytes.byteLength), content.bytes.byteLength));
      for (let at = content.synced; at < bytes.byteLength; at += sectorBytes) if (random.chance(0.3)) bytes.fill(0, at, at + sectorBytes);
      names.set(name, { bytes, synced: bytes.byteLength });
    }
    return new FragileDisk(names);
  }

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<readonly string[]> {
    return [...new Set([...this.#names.keys()].flatMap((name) => (name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1).split("/")[0] as string] : [])))].sort();
  }

  async syncFolder(path: string): Promise<void> {
    this.#watch("syncFolder", path);
    const isIn = (name: string): boolean => name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes("/");
    for (const name of this.#durableNames.keys()) if (isIn(name) && !this.#names.has(name)) this.#durableNames.delete(name);
    for (const [name, content] of this.#names) if (isIn(name)) this.#durableNames.set(name, content);
  }

  async create(path: string): Promise<DiskFile> {
    this.#watch("create", path);
    if (this.#names.has(path)) throw systemError("EEXIST");
    const content: Content = { bytes: new Uint8Array(0), synced: 0 };
    this.#names.set(path, content);
    return {
      write: async (bytes, position) => {
        const grown = new Uint8Array(Math.max(content.bytes.byteLength, position + bytes.byteLength));
        grown.set(content.bytes);
        try {
          this.#watch("write", path);
          grown.set(bytes, position);
        } catch (error) {
          // Some of it arrived.
          grown.set(bytes.subarray(0, bytes.byteLength >> 1), position);
          throw error;
        } finally {
          content.bytes = grown;
        }
      },
      sync: async () => {
        this.#watch("sync", path);
        content.synced = content.bytes.byteLength;
      },
      truncate: async (length) => {
        content.bytes = content.bytes.slice(0, length);
        content.synced = Math.min(content.synced, length);
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#watch("rename", to);
    this.#names.set(to, this.#find(from));
    this.#names.delete(from);
  }

  async link(from: string, to: string): Promise<boolean> {
    this.#watch("link", to);
    if (this.#names.has(to)) return false;
    this.#names.set(to, this.#find(from));
    return true;
  }

  async remove(path: string): Promise<void> {
    this.#watch("remove", path);
    this.#names.delete(path);
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(this.#find(path).bytes);
  }

  async *read(path: string, start = 0, end = Infinity): AsyncGenerator<Uint8Array> {
    const bytes = this.#find(path).bytes.slice(start, Math.min(end, this.#find(path).bytes.byteLength));
    // In parts that respect no line.
    for (let at = 0; at < bytes.byteLength; at += 1000) yield bytes.subarray(at, at + 1000);
  }

  async stat(path: string): Promise<{ readonly bytes: number; readonly changedMs: number } | undefined> {
    const content = this.#names.get(path);
    return content === undefined ? undefined : { bytes: content.bytes.byteLength, changedMs: 0 };
  }

  async touch(): Promise<void> {}

  exists(path: string): boolean {
    return this.#names.has(path);
  }

  #find(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined) throw systemError("ENOENT");
    return content;
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}
