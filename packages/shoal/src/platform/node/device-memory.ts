import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus, homedir, hostname } from "node:os";
import { join } from "node:path";
import type { Devices } from "@shoal/core";
import { choiceKept, keptChoice } from "../lapsing-choice.ts";

let writes = 0;

/** The devices chosen on this machine, in a file of the user's cache folder. A file that can't be read or written only means measuring anew. */
export function deviceMemory(folder = cacheFolder()): Required<Pick<Devices, "recall" | "remember">> {
  const path = join(folder, "devices.json");
  const here = (key: string): string => JSON.stringify([hostname(), cpus()[0]?.model ?? "", key]);
  return {
    recall: async (key) => choiceKept((await choices(path))[here(key)]),
    async remember(key, choice, forMs) {
      const all = { ...(await choices(path)), [here(key)]: keptChoice(choice, forMs) };
      const fresh = `${path}.${process.pid}.${(writes += 1)}`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(fresh, JSON.stringify(all, null, 1));
        await rename(fresh, path);
      } catch {
        // A home that is read-only is no reason to end a run.
      }
    },
  };
}

async function choices(path: string): Promise<Record<string, string>> {
  try {
    const all = JSON.parse(await readFile(path, "utf8")) as Record<string, string> | null;
    return typeof all === "object" && all !== null ? all : {};
  } catch {
    return {};
  }
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "shoal");
}
