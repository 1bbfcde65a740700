import type { Engine } from "@shoal/cluster";
import type { Store } from "@shoal/cluster/stores";
import { ShoalError } from "@shoal/core";
import type * as EngineNats from "@shoal/engine-nats";
import { badFlag } from "./bad-flag.ts";
import { checkEngineFlags, natsSettings, type EngineFlags } from "./engine-flags.ts";

/** An engine that several coordinators share, and the place for bytes that goes with it. */
export interface SharedEngine {
  readonly engine: Engine;
  readonly store: Store;
  readonly servers: string;
  close(): Promise<void>;
}

/** Undefined without `--engine`. @throws `bad-option`, `missing-library`, what opening store and engine throws */
export async function openSharedEngine(flags: EngineFlags, environment: NodeJS.ProcessEnv): Promise<SharedEngine | undefined> {
  checkEngineFlags(flags);
  if (flags.engine === undefined) return undefined;
  if (flags.store === undefined) {
    throw badFlag("--engine is given without --store: the engine carries what is to be done and what is committed, and rows, results and models need a place that every coordinator sees.", "Add --store with a folder that all of these machines share, or with s3://bucket/prefix.");
  }
  const settings = natsSettings(flags, environment);
  const { openNatsEngine } = await importNats();
  const store = await openStore(flags.store, environment);
  try {
    const engine = await openNatsEngine({ ...settings, blobs: store.blobs });
    return {
      engine, store, servers: settings.servers,
      close: async () => {
        try {
          await engine.close();
        } finally {
          await store.close();
        }
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function openStore(where: string, environment: NodeJS.ProcessEnv): Promise<Store> {
  const { openStore: open } = await import("@shoal/cluster/stores");
  return open(where, { environment });
}

/** An optional peer: most coordinators are alone. @throws `missing-library` */
export async function importNats(): Promise<typeof EngineNats> {
  try {
    return await import("@shoal/engine-nats");
  } catch (cause) {
    throw new ShoalError("missing-library", "The package @shoal/engine-nats, through which --engine speaks to NATS, can't be imported.", { cause, failure: "bug", hint: "Install it: npm install @shoal/engine-nats" });
  }
}
