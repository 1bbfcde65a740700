import type { Done, Work } from "./agent/work.ts";
import type { TabMemory } from "./tab/tab-memory.ts";

/** What a tab that was at work remembers, to be at work again after a reload, or after its browser discarded it. */
export interface Started {
  readonly paused: boolean;
  readonly done: Done;
  readonly job?: Required<Work>["job"];
}

export function readStarted(memory: TabMemory): Started | undefined {
  return memory.getJson("started", isStarted);
}

export function keepStarted(memory: TabMemory, started: Started): void {
  memory.set("started", JSON.stringify(started));
}

export function forgetStarted(memory: TabMemory): void {
  memory.set("started", undefined);
}

function isStarted(value: unknown): value is Started {
  const done = (value as Partial<Started> | null)?.done;
  return typeof done?.rows === "number" && typeof done.blocks === "number";
}
