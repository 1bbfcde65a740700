import { describe, expect, test } from "vitest";
import { ReorderWindow } from "./reorder.ts";

function gate<T>(): { promise: Promise<T>; open: (value: T) => void; fail: (error: unknown) => void } {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

describe("a reorder window", () => {
  test("gives results in the order of their adding", async () => {
    const window = new ReorderWindow<number>(true, () => 2);
    const [a, b] = [gate<number>(), gate<number>()];
    window.add(a.promise);
    expect(window.hasRoom).toBe(true);
    window.add(b.promise);
    expect(window.hasRoom).toBe(false);
    b.open(2);
    const first = window.next();
    a.open(1);
    expect(await first).toEqual({ value: 1 });
    expect(await window.next()).toEqual({ value: 2 });
    window.end();
    expect(await window.next()).toBeUndefined();
  });

  test("or as they come", async () => {
    const window = new ReorderWindow<number>(false, () => 2);
    const [a, b] = [gate<number>(), gate<number>()];
    window.add(a.promise);
    window.add(b.promise);
    b.open(2);
    expect(await window.next()).toEqual({ value: 2 });
    window.end();
    const last = window.next();
    a.open(1);
    expect(await last).toEqual({ value: 1 });
    expect(await window.next()).toBeUndefined();
  });

  test("hears of a failure while it waits for its head", async () => {
    const window = new ReorderWindow<number>(true, () => 2);
    window.add(gate<number>().promise);
    const next = window.next();
    window.fail(new Error("stop"));
    await expect(next).rejects.toThrow("stop");
  });
});
