import { assertSameStore, engineSecret, memoryEngine, type Engine, type Gateway } from "@shoal/cluster";
import { holdFolder, openEmbeddedEngine } from "@shoal/cluster/embedded";
import type { Clock } from "@shoal/core";
import { ownLinks, sharedLinks, type PrintedLinks } from "./links/printed-links.ts";
import { measureEngine, type EngineNumbers } from "./metrics/measure-engine.ts";
import type { CoordinatorState } from "./state/coordinator-state.ts";

/** The engine of a coordinator, and what is done otherwise where others have it too. */
export interface CoordinatorEngine {
  readonly engine: Engine;
  /** What was asked of it, where that is told. */
  readonly numbers?: EngineNumbers;
  /** What links are signed with. @throws `store-differs`; what the engine throws */
  secret(state: CoordinatorState): Promise<Uint8Array>;
  /** Those that are printed, until the signal aborts. */
  links(gateway: Gateway, state: CoordinatorState, signal: AbortSignal): PrintedLinks;
  close(): Promise<void>;
}

/** Of a coordinator that is alone. @param folder without one everything ends with the process @throws what opening the engine throws */
export async function ownEngine(folder: string | undefined): Promise<CoordinatorEngine> {
  const engine = folder === undefined ? memoryEngine() : await openEmbeddedEngine(folder);
  return { engine, secret: async (state) => state.secret, links: ownLinks, close: () => engine.close() };
}

/** Of one of several gateways, which have their secret, their links and their store in common. It stays its owner's to close. @param folder what is this machine's alone: others are kept out of it @param signal ends what is asked of it at the start @throws `engine-folder-busy` */
export async function sharedEngine(shared: Engine, folder: string | undefined, { clock, random, signal }: { readonly clock: Clock; readonly random: () => number; readonly signal: AbortSignal | undefined }): Promise<CoordinatorEngine> {
  const held = folder === undefined ? undefined : await holdFolder(folder);
  const { engine, numbers } = measureEngine(shared, clock);
  const limit = signal === undefined ? {} : { signal };
  return {
    engine, numbers,
    async secret(state) {
      const secret = await engineSecret(engine, state.secret, { clock, ...limit });
      await assertSameStore(engine, { clock, random, ...limit });
      return secret;
    },
    links: (gateway, _, over) => sharedLinks(gateway, { engine, clock, random, signal: over }),
    close: async () => held?.release(),
  };
}
