import type { Clock } from "@shoal/core";
import { expect, test } from "vitest";
import { memoryEngine } from "./memory/memory-engine.ts";
import { noteInLedger } from "./note-until-decided.ts";
import type { Ledger, Undecided } from "./ledger.ts";

test("a ledger that is gone is opened, and one that is gone again each time is waited for", async () => {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: async (ms) => void (now += ms) };
  const { ledger } = memoryEngine({ clock });
  let [opened, refusals] = [0, 18];
  const fleeting: Pick<Ledger, "open" | "note"> = {
    open: async (job) => {
      opened++;
      if (refusals === 0) await ledger.open(job);
    },
    note: async (job, record) => {
      if (refusals > 0) refusals--;
      return ledger.note(job, record);
    },
  };
  const undecided: Undecided[] = [];
  await noteInLedger(fleeting as Ledger, "job", { said: 1 }, { clock, signal: new AbortController().signal, random: () => 0.5, onUndecided: (one) => undecided.push(one) });
  expect(opened).toBe(10);
  expect(undecided.map(({ reason }) => reason.code)).toEqual(Array.from({ length: 9 }, () => "ledger-gone"));
  // 2, 4, … 512 ms between the tries.
  expect(clock.now()).toBe(1022);
});
