import { expect, test } from "vitest";
import { memoryEngine } from "../engine/index.ts";
import { assertSameStore, storeMark } from "./same-store.ts";

test("gateways that come one after the other, and at once, find the mark of the first", async () => {
  const engine = memoryEngine();
  expect(await storeMark(engine)).toBeUndefined();
  await Promise.all([assertSameStore(engine), assertSameStore(engine)]);
  await assertSameStore(engine);
  expect(await engine.blobs.size((await storeMark(engine)) ?? "")).toBeGreaterThan(0);
});

test("one with other blobs is told so", async () => {
  const engine = memoryEngine();
  await assertSameStore(engine);
  const elsewhere = { ...engine, blobs: memoryEngine().blobs };
  await expect(assertSameStore(elsewhere)).rejects.toMatchObject({ code: "store-differs" });
  await assertSameStore(engine);
});

test("the mark is what chance makes it, and no other", async () => {
  const marks = await Promise.all([0.25, 0.25, 0.5].map(async (chance) => {
    const engine = memoryEngine();
    await assertSameStore(engine, { random: () => chance });
    return storeMark(engine);
  }));
  expect(marks[0]).toBe(marks[1]);
  expect(marks[0]).not.toBe(marks[2]);
});
