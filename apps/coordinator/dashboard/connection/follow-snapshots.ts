import type { PackedSnapshot } from "../blocks/packed-runs.ts";
import { authorization, type Address } from "./address.ts";
import { readLines } from "./read-lines.ts";
import { readSnapshot } from "./read-snapshot.ts";

/** How this page stands with the coordinator. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting"; readonly why: string; /** When it is tried again, by the clock of `Parts`. */ readonly retryAt: number }
  /** The coordinator won't have this page; nothing is tried again by itself. */
  | { readonly kind: "refused"; readonly why: "unknown" | "not-for-this" };

export interface Parts {
  readonly address: Address;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** After this long without a word the stream is opened anew: a cut connection can look like a quiet one. */
  readonly silenceMs?: number;
  readonly onConnection: (connection: Connection) => void;
  readonly onSnapshot: (snapshot: PackedSnapshot) => void;
  /** A line that is no snapshot came, and was left out. */
  readonly onUnreadable: () => void;
}

const firstDelayMs = 500;
const maxDelayMs = 15_000;

/** How long until the next try, after so many that failed: doubling, half of it by chance, so that many pages don't come back at once. */
export function delayMs(failures: number, random: () => number): number {
  return Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1)) * (0.5 + 0.5 * random());
}

/** Reads snapshots until the signal or a refusal, over as many connections as it takes. */
export async function followSnapshots(parts: Parts): Promise<void> {
  const { now, wait, random, signal, onConnection } = parts;
  let failures = 0;
  onConnection({ kind: "connecting" });
  while (!signal.aborted) {
    const end = await readOnce(parts, () => {
      failures = 0;
      onConnection({ kind: "live" });
    });
    if (signal.aborted) return;
    if (end === "unknown" || end === "not-for-this") return onConnection({ kind: "refused", why: end });
    // Quiet is no fault: only when the coordinator doesn't answer either does anybody hear of it.
    if (end === "quiet") continue;
    const delay = delayMs(++failures, random);
    onConnection({ kind: "reconnecting", why: end, retryAt: now() + delay });
    await wait(delay, signal);
  }
}

/** One connection, to its end. Gives why it ended. */
async function readOnce({ address, fetch, signal, silenceMs = 30_000, onSnapshot, onUnreadable }: Parts, onOpen: () => void): Promise<string> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silenceMs);
  try {
    const response = await fetch(`${address.base}/api/snapshots`, { headers: authorization(address), cache: "no-store", signal: AbortSignal.any([signal, quiet.signal]) });
    if (response.status === 401) return "unknown";
    if (response.status === 403) return "not-for-this";
    if (!response.ok || response.body === null) return `the coordinator answered ${response.status}`;
    let opened = false;
    for await (const line of readLines(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silenceMs);
      const snapshot = readSnapshot(line);
      if (snapshot === undefined) {
        onUnreadable();
        continue;
      }
      if (!opened) onOpen();
      opened = true;
      onSnapshot(snapshot);
    }
    return "the stream ended";
  } catch (error) {
    return quiet.signal.aborted ? "quiet" : error instanceof TypeError ? "the coordinator does not answer" : (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}
