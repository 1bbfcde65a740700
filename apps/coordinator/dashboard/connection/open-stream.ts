import type { PackedSnapshot } from "../blocks/packed-runs.ts";
import type { Address } from "./address.ts";
import type { Connection } from "./follow-snapshots.ts";
import type { StreamMessage } from "./stream-worker.ts";

/** What a stream is heard by. */
export interface Listener {
  readonly connect: (connection: Connection) => void;
  readonly take: (snapshot: PackedSnapshot) => void;
  readonly missLine: () => void;
}

const restartMs = 5000;

/** Follows a coordinator's snapshots from a worker. Gives what stops it. */
export function openStream(address: Address, listener: Listener): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let worker: Worker;
  const start = () => {
    worker = new Worker(new URL("./stream-worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<StreamMessage>) => {
      if (data.kind === "snapshot") listener.take(data.snapshot);
      else if (data.kind === "connection") listener.connect(data.connection);
      else listener.missLine();
    });
    // Its script is a file of the coordinator too, which may be away just now.
    worker.addEventListener("error", () => {
      worker.terminate();
      listener.connect({ kind: "reconnecting", why: "a part of this page could not be loaded", retryAt: Date.now() + restartMs });
      timer = setTimeout(start, restartMs);
    });
    worker.postMessage(address);
  };
  start();
  return () => {
    clearTimeout(timer);
    worker.terminate();
  };
}
