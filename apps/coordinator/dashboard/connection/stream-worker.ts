// A worker of its own reads the stream, so that however large a snapshot is, parsing it never holds up the page.
import { buffersOf, type PackedSnapshot } from "../blocks/packed-runs.ts";
import type { Address } from "./address.ts";
import { followSnapshots, type Connection } from "./follow-snapshots.ts";

/** What the worker tells the page. */
export type StreamMessage =
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "snapshot"; readonly snapshot: PackedSnapshot }
  | { readonly kind: "unreadable" };

const page = globalThis as unknown as { postMessage(message: StreamMessage, transfer?: Transferable[]): void };

addEventListener("message", ({ data }: MessageEvent<Address>) => {
  void followSnapshots({
    address: data, signal: new AbortController().signal, fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random, wait,
    onConnection: (connection) => page.postMessage({ kind: "connection", connection }),
    onSnapshot: (snapshot) => page.postMessage({ kind: "snapshot", snapshot }, buffersOf(snapshot)),
    onUnreadable: () => page.postMessage({ kind: "unreadable" }),
  });
});

/** Until then, or until the machine says that it has a network again. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
  });
}
