import type { RunEvent } from "@shoal/executor";
import { expect, test } from "vitest";
import { mergeSettings } from "./merge-settings.ts";

test("a call's own settings stand, and what it leaves undefined does not hide the process's", () => {
  expect(mergeSettings({ onError: "skip", budgetBytes: 3 }, { budgetBytes: 5 })).toEqual({ onError: "skip", budgetBytes: 5 });
  const onEvent = (): void => {};
  expect(mergeSettings({ onEvent }, { onEvent: undefined } as never)).toEqual({ onEvent });
});

test("of two limits the smaller one holds", () => {
  expect(mergeSettings({ limit: 3 }, { limit: 5 })).toEqual({ limit: 3 });
  expect(mergeSettings({ limit: 5 }, { limit: 3 })).toEqual({ limit: 3 });
  expect(mergeSettings({ limit: 5 }, {})).toEqual({ limit: 5 });
});

test("either signal ends the run", () => {
  for (const which of [0, 1]) {
    const stops = [new AbortController(), new AbortController()];
    const { signal } = mergeSettings({ signal: (stops[0] as AbortController).signal }, { signal: (stops[1] as AbortController).signal });
    expect(signal?.aborted).toBe(false);
    stops[which]?.abort("enough");
    expect(signal?.reason).toBe("enough");
  }
});

test("both hear every event", () => {
  const heard: string[] = [];
  const { onEvent } = mergeSettings({ onEvent: () => void heard.push("process") }, { onEvent: () => void heard.push("own") });
  onEvent?.({ kind: "notice", message: "" } satisfies RunEvent);
  expect(heard).toEqual(["process", "own"]);
});
