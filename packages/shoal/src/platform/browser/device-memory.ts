import type { Devices } from "@shoal/core";
import { choiceKept, keptChoice } from "../lapsing-choice.ts";

/** The devices chosen in pages of this origin. Where nothing can be kept, devices are measured anew. */
export function deviceMemory(): Required<Pick<Devices, "recall" | "remember">> {
  return {
    recall: async (key) => choiceKept(storage()?.getItem(`shoal.device ${key}`) ?? undefined),
    async remember(key, choice, forMs) {
      try {
        storage()?.setItem(`shoal.device ${key}`, keptChoice(choice, forMs));
      } catch {
        // It is full, which is no reason to end a run.
      }
    },
  };
}

/** Absent in workers; refused where the visitor keeps nothing. */
function storage(): { getItem(key: string): string | null; setItem(key: string, value: string): void } | undefined {
  try {
    return (globalThis as { localStorage?: ReturnType<typeof storage> }).localStorage;
  } catch {
    return undefined;
  }
}
