import { describe, expect, test } from "vitest";
import { abortable, childController, orAborted } from "./abort.ts";
import { ByteBudget } from "./byte-budget.ts";
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

describe("an abort", () => {
  test("ends a stream whose source is silent, and tells the source", async () => {
    const controller = new AbortController();
    let returned = false;
    const silent: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: async () => ((returned = true), { done: true, value: undefined }) }) };
    const next = abortable(silent, controller.signal).next();
    controller.abort(new Error("left"));
    await expect(next).rejects.toThrow("left");
    expect(returned).toBe(true);
  });

  test("reaches children, and one that was released no more", () => {
    const parent = new AbortController();
    const [a, b] = [childController(parent.signal), childController(parent.signal)];
    a.release();
    parent.abort();
    expect([a.controller.signal.aborted, b.controller.signal.aborted]).toEqual([false, true]);
    expect(childController(parent.signal).controller.signal.aborted).toBe(true);
  });

  test("beats a promise that never settles", async () => {
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => {}), controller.signal);
    controller.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toThrow("left");
  });
});

test("a byte budget has room until it is full, and always for one block", () => {
  let freed = 0;
  const budget = new ByteBudget(100, () => freed++);
  const large = budget.take(500);
  expect(budget.hasRoom).toBe(false);
  large.release();
  large.release();
  expect([budget.held, budget.hasRoom, freed]).toEqual([0, true, 1]);
  const a = budget.take(60);
  expect(budget.hasRoom).toBe(true);
  a.resize(120);
  expect([budget.hasRoom, budget.peak]).toEqual([false, 500]);
});
