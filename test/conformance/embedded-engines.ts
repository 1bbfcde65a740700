import { mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "@shoal/cluster";
import { openEmbeddedEngine, type EmbeddedEngineOptions } from "@shoal/cluster/embedded";
import type { EngineCapabilities, EngineFixture } from "@shoal/testing/engine-suite";

export const shortLease: EngineCapabilities & { readonly leaseMs: number } = { leaseMs: 200 };

/** An embedded engine in a folder of its own, for the suite of engines. */
export async function embeddedFixture(options: EmbeddedEngineOptions = {}): Promise<EngineFixture> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-engine-"));
  const opened: Engine[] = [];
  const openHere = async (): Promise<Engine> => {
    const engine = await openEmbeddedEngine(folder, { queue: shortLease, ...options });
    opened.push(engine);
    return engine;
  };
  return {
    engine: await openHere(),
    reopen: async () => {
      await opened.at(-1)?.close();
      return openHere();
    },
    damageBlob: async (sha256) => {
      const [path = "", at = 0] = await placeOf(join(folder, "blobs"), sha256);
      const file = await open(path, "r+");
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at + 700);
      await file.write(Buffer.from([(buffer[0] as number) ^ 1]), 0, 1, at + 700);
      await file.close();
    },
    [Symbol.asyncDispose]: async () => {
      await opened.at(-1)?.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** In which pack a blob lies, and where in it: behind its name. */
async function placeOf(folder: string, sha256: string): Promise<readonly [path: string, at: number] | readonly []> {
  const name = Buffer.from(sha256, "hex");
  for (const file of await readdir(folder)) {
    const at = (await readFile(join(folder, file))).indexOf(name);
    if (at >= 0) return [join(folder, file), at + name.byteLength];
  }
  return [];
}
