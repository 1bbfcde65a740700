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

export async function openBenchEngine({ folder, nats }: EngineSettings): Promise<Engine> {
  if (nats === undefined) return folder === undefined ? memoryEngine() : openEmbeddedEngine(folder);
  return openNatsEngine({ ...nats, blobs: folder === undefined ? memoryEngine().blobs : sharedFolderBlobs(folder) });
}
