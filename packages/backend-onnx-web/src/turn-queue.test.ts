import { expect, test } from "vitest";
import { TurnQueue } from "./turn-queue.ts";

test("one begins at once, the others wait their turn, failed ones too", async () => {
  const queue = new TurnQueue();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const take = (id: number): Promise<number> => queue.take(async () => {
    begun.push(id);
    await new Promise<void>((resolve) => ends.push(resolve));
    if (id === 1) throw new Error("one");
    return id;
  });
  const [first, second, third] = [take(1), take(2), take(3)];
  expect(begun).toEqual([1]);
  ends[0]?.();
  await expect(first).rejects.toThrow("one");
  await expect.poll(() => begun).toEqual([1, 2]);
  ends[1]?.();
  expect(await second).toBe(2);
  await expect.poll(() => begun).toEqual([1, 2, 3]);
  ends[2]?.();
  expect(await third).toBe(3);
});

test("whoever is to be refused is asked when the turn comes", async () => {
  const queue = new TurnQueue();
  const refusals: Error[] = [];
  const first = queue.take(async () => "done");
  const second = queue.take(async () => "done", () => refusals[0]);
  const third = queue.take(async () => "done");
  refusals.push(new Error("too late"));
  await expect(second).rejects.toThrow("too late");
  expect(await Promise.all([first, third])).toEqual(["done", "done"]);
});
