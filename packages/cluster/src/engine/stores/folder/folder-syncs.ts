import type { Disk } from "../../embedded/disk.ts";

/** Syncs folders: of those who ask while one is under way, all share the next. */
export class FolderSyncs {
  readonly #disk: Disk;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** What was named in the folder before the call is durable when it resolves. */
  sync(folder: string): Promise<void> {
    const underWay = this.#underWay.get(folder);
    if (underWay === undefined) return this.#start(folder);
    // That one may have begun before the name was given.
    let next = this.#next.get(folder);
    if (next === undefined) {
      next = underWay.catch(() => {}).then(() => {
        this.#next.delete(folder);
        return this.#start(folder);
      });
      this.#next.set(folder, next);
    }
    return next;
  }

  #start(folder: string): Promise<void> {
    const syncing = this.#disk.syncFolder(folder);
    this.#underWay.set(folder, syncing);
    const end = (): void => void (this.#underWay.get(folder) === syncing && this.#underWay.delete(folder));
    syncing.then(end, end);
    return syncing;
  }
}
