import { describe, expect, test } from "vitest";
import { abortable, childController, orAborted } from "./abort.ts";

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
