import process from "node:process";
import { afterEach, expect, test, vi } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";

afterEach(() => vi.restoreAllMocks());

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s once does what was asked, twice ends the process, and nothing once nobody listens", (signal) => {
  const before = process.listeners(signal);
  const exit = vi.spyOn(process, "exit").mockImplementation(() => {
    throw new Error("ended");
  });
  const first = vi.fn<() => void>();
  const stop = onInterrupt(first);
  const [ours] = process.listeners(signal).filter((each) => !before.includes(each)) as [() => void];
  ours();
  expect(exit).not.toHaveBeenCalled();
  expect(ours).toThrow("ended");
  expect(first).toHaveBeenCalledOnce();
  expect(exit).toHaveBeenCalledWith(exitCodes.interrupted);
  stop();
  expect(process.listeners(signal)).toEqual(before);
});
