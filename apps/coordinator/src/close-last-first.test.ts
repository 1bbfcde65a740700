import { expect, test } from "vitest";
import { closeLastFirst } from "./close-last-first.ts";

test("all are closed, the last first, and the first error is told", async () => {
  const closed: string[] = [];
  const closer = (name: string, fails = false) => async (): Promise<void> => {
    closed.push(name);
    if (fails) throw new Error(name);
  };
  await expect(closeLastFirst([closer("engine"), closer("files", true), closer("gateway", true)])).rejects.toThrow("gateway");
  expect(closed).toEqual(["gateway", "files", "engine"]);
});
