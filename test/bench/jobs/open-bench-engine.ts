// The engines that are measured beside each other.
import { memoryEngine, type Engine } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { sharedFolderBlobs } from "@shoal/cluster/stores";
import { openNatsEngine } from "@shoal/engine-nats";

export interface EngineSettings {
  /** Of the embedded engine, or of the blobs that gateways on NATS share. Without one, blobs on NATS are in memory, and no other process has them. */
  readonly folder?: string;
  /** Absent: the embedded engine. */
  readonly nats?: { readonly servers: string; readonly replicas: number; readonly prefix: string };
}

/** Of gateways that share a machine with their servers, and perhaps with others: who gets no core for a while is not gone, and what is lost and taken over is not what is measured. */
export const patience = { leaderMs: 120_000, lentMs: 120_000, unclaimedMs: 60_000 };

export async function openBenchEngine({ folder, nats }: EngineSettings): Promise<Engine> {
  if (nats === undefined) return folder === undefined ? memoryEngine() : openEmbeddedEngine(folder);
  return openNatsEngine({ ...nats, blobs: folder === undefined ? memoryEngine().blobs : sharedFolderBlobs(folder) });
}
