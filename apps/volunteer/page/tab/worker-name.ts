import type { TabMemory } from "./tab-memory.ts";

/** A name that no other tab has, and this one keeps over a reload. `copied`: it had one, which another tab uses now: this tab is a copy of that one. */
export interface WorkerName {
  readonly name: string;
  readonly copied: boolean;
}

const patienceMs = 3000;

/** Claims the tab's name for as long as the page lives. A browser copies what a tab remembers when it copies the tab. */
export async function claimWorkerName(memory: TabMemory): Promise<WorkerName> {
  const kept = memory.get("name");
  // After a reload the page before this one may hold the name for a moment.
  if (kept !== undefined && (await claim(kept, patienceMs))) return { name: kept, copied: false };
  const name = `tab-${Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  memory.set("name", name);
  await claim(name, patienceMs);
  return { name, copied: kept !== undefined };
}

/** Whether the name is this page's now: the worker that its agent lives in has a lock of its own. Where a browser has no locks, or has none for an insecure page, it is believed. */
async function claim(name: string, timeoutMs: number): Promise<boolean> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (locks === undefined) return true;
  return new Promise((resolve) => {
    locks.request(`shoal page of ${name}`, { signal: AbortSignal.timeout(timeoutMs) }, () => {
      resolve(true);
      return new Promise<never>(() => {});
    }).catch(() => resolve(false));
  });
}
