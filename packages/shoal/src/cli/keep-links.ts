import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";
import type { Links } from "./links-text.ts";

/** Each as a file that only this user reads, for scripts and other containers. @throws what the file system says */
export function keepLinks(folder: string, links: Links): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, link] of Object.entries(links)) {
      const path = join(folder, name);
      writeFileSync(path, `${link}\n`, { mode: 0o600 });
      chmodSync(path, 0o600);
    }
  } catch (error) {
    throw ShoalError.from(error);
  }
}
