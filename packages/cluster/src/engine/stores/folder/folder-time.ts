import { join } from "node:path";
import type { Clock } from "@shoal/core";
import type { Disk } from "../../embedded/disk.ts";

const measuredForMs = 60_000;

/** This machine's time. */
export interface TimeHere {
  readonly clock: Clock;
  /** The day and time, in milliseconds since 1970. */
  readonly date: () => number;
}

/** The time of the machine that keeps a folder, which on a network may be another one than this: ages of files are told by it. */
export class FolderTime {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #here: TimeHere;
  #differenceMs = 0;
  #measuredAt = -Infinity;

  /** @param folder where a file can be made for a moment */
  constructor(folder: string, disk: Disk, here: TimeHere) {
    this.#folder = folder;
    this.#disk = disk;
    this.#here = here;
  }

  /** Milliseconds since 1970. */
  async now(): Promise<number> {
    const { clock, date } = this.#here;
    if (Math.abs(clock.now() - this.#measuredAt) > measuredForMs) await this.#measure();
    return date() + this.#differenceMs;
  }

  async #measure(): Promise<void> {
    const path = join(this.#folder, `time-${crypto.randomUUID()}`);
    const file = await this.#disk.create(path);
    try {
      try {
        await file.write(new Uint8Array(1), 0);
      } finally {
        // Then it is on its way to that machine.
        await file.close();
      }
      const changedMs = (await this.#disk.stat(path))?.changedMs;
      if (changedMs === undefined) return;
      // Within the time that the call took nobody can tell them apart.
      const difference = changedMs - this.#here.date();
      this.#differenceMs = Math.abs(difference) < 1_000 ? 0 : difference;
      this.#measuredAt = this.#here.clock.now();
    } finally {
      await this.#disk.remove(path);
    }
  }
}
