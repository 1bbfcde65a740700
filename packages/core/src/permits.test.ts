import { expect, test } from "vitest";
import { Permits } from "./permits.ts";

test("so many have one at once, the others in the order in which they came; who gives up takes none along", async () => {
  const permits = new Permits(2);
  const order: string[] = [];
  const over = new AbortController();
  const take = async (name: string, signal?: AbortSignal): Promise<() => void> => {
    const giveBack = await permits.take(signal);
    order.push(name);
    return giveBack;
  };
  const [first, second] = await Promise.all([take("a"), take("b")]);
  const gone = take("gone", over.signal);
  const [third, fourth] = [take("c"), take("d")];
  over.abort(new Error("enough"));
  await expect(gone).rejects.toThrow("enough");
  await expect(permits.take(over.signal)).rejects.toThrow("enough");
  expect(order).toEqual(["a", "b"]);
  first();
  // Once is enough: a second time gives nobody's away.
  first();
  const held = await third;
  expect(order).toEqual(["a", "b", "c"]);
  second();
  held();
  (await fourth)();
  expect(order).toEqual(["a", "b", "c", "d"]);
  await Promise.all([take("e"), take("f")]);
});
