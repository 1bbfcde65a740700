import type { WebSocketLike } from "@shoal/cluster";

/** What an agent needs of a JavaScript runtime, beside what every run does. The import conditions of `#agent-runtime` choose the file; all have these names. */
export interface AgentRuntime {
  readonly host: "machine" | "tab";
  /** As in `node 20.20.0`. */
  readonly runtime: () => string;
  /** For people, where nobody gave one. */
  readonly defaultLabel: () => string;
  /** Gives what opens WebSockets, which may have to be loaded first. */
  readonly socketOpener: () => Promise<(url: string) => WebSocketLike>;
  /** A name of this worker's own, random, that it gets again after a restart: `given`, unless somebody has that. Disposed with the worker. */
  readonly takeName: (given: string | undefined) => Promise<TakenName>;
  /** Puts code where actors can import it. Absent where none is run. */
  readonly keepCode?: (sha256: string, bytes: Uint8Array) => Promise<string>;
  /** The process does not end by itself until what it gives is called. */
  readonly keepAlive: () => () => void;
}

export interface TakenName extends AsyncDisposable {
  readonly name: string;
}
