// People change rows and batches in place, as when they normalise pixels. What lies in memory is read again, and must be what it was.
import { fromArrow, fromAsyncIterable, fromColumns, fromItems, type Dataset } from "shoal";
import { describe, expect, test } from "vitest";

const numbers = (): Dataset<{ x: number }> => fromColumns({ x: Float64Array.from([1, 2]) });
const add = (batch: { x: ArrayLike<number> }): { x: Float64Array } => {
  const x = batch.x as Float64Array;
  for (let at = 0; at < x.length; at++) x[at] = (x[at] as number) + 100;
  return { x };
};
const shout = <R extends { tags: string[] }>(row: R): R => {
  row.tags.push("!");
  return row;
};

describe("a source in memory is what it was after", () => {
  test("a batch function that writes into its columns", async () => {
    const given = Float64Array.from([1, 2]);
    const source = fromColumns({ x: given, text: ["a", "b"] });
    const changed = await source.mapBatches((batch) => {
      (batch.text as string[])[0] = "changed";
      return { ...batch, ...add(batch) };
    }).takeAll();
    expect(changed).toEqual([{ x: 101, text: "changed" }, { x: 102, text: "b" }]);
    expect(await source.takeAll()).toEqual([{ x: 1, text: "a" }, { x: 2, text: "b" }]);
    expect([...given]).toEqual([1, 2]);
  });

  test("the same, beside the source itself in one run", async () => {
    const source = numbers();
    expect((await source.mapBatches(add).union(source).takeAll()).map(({ x }) => x)).toEqual([101, 102, 1, 2]);
    expect(await source.zip(source).mapBatches((batch) => ({ ...batch, x: add(batch).x })).takeAll()).toEqual([{ x: 101, x_1: 1 }, { x: 102, x_1: 2 }]);
  });

  test("row functions that write into nested values, bytes and tensors", async () => {
    const items = [{ tags: ["a"], deep: { list: [{ n: 1 }] }, bytes: Buffer.from([1, 2]), when: new Date(0) }];
    const source = fromItems(items);
    const meddle = source.map((row) => {
      shout(row);
      (row.deep.list[0] as { n: number }).n++;
      row.bytes[0] = 9;
      row.when.setTime(1);
      return row;
    });
    await meddle.takeAll();
    expect((await meddle.takeAll())[0]).toMatchObject({ tags: ["a", "!"], deep: { list: [{ n: 2 }] }, when: new Date(1) });
    expect(items).toEqual([{ tags: ["a"], deep: { list: [{ n: 1 }] }, bytes: Buffer.from([1, 2]), when: new Date(0) }]);
    const pixels = fromColumns({ px: [[1, 2], [3, 4]] });
    await pixels.filter((row) => (row.px as Float64Array).fill(0).length > 0).takeAll();
    expect((await pixels.takeAll()).map(({ px }) => [...(px as Float64Array)])).toEqual([[1, 2], [3, 4]]);
  });

  test("whoever takes its rows or batches", async () => {
    const items = [{ tags: ["a"] }];
    for (const row of await fromItems(items).takeAll()) shout(row);
    for await (const row of fromItems(items)) shout(row);
    expect(items).toEqual([{ tags: ["a"] }]);
    const kept = await numbers().materialize();
    for (let epoch = 0; epoch < 2; epoch++) for await (const batch of kept.iterBatches()) expect([...add(batch).x]).toEqual([101, 102]);
    add(await kept.takeBatch());
    expect(await kept.takeAll()).toEqual([{ x: 1 }, { x: 2 }]);
  });

  test("in every form that memory has", async () => {
    const sources: readonly Dataset<{ x: number }>[] = [
      await numbers().materialize(),
      fromArrow<{ x: number }>(await numbers().takeBatch(2, { batchFormat: "arrow" })),
      fromItems([{ x: 1 }, { x: 2 }]),
    ];
    for (const source of sources) {
      expect((await source.mapBatches(add).takeAll()).map(({ x }) => x)).toEqual([101, 102]);
      await source.mapBatches((batch) => {
        const x = batch.getChild("x")?.data[0]?.values as Float64Array;
        x.fill(0);
        return batch;
      }, { batchFormat: "arrow" }).takeAll();
      expect((await source.takeAll()).map(({ x }) => x)).toEqual([1, 2]);
    }
    const rows = [{ tags: ["a"] }];
    const again = fromAsyncIterable(() => rows).map(shout);
    await again.takeAll();
    expect(await again.takeAll()).toEqual([{ tags: ["a", "!"] }]);
  });
});

test("objects of classes can't be copied, and are handed over", async () => {
  class Point {}
  expect(await fromItems([{ at: new Point() }]).map(({ at }) => ({ same: at instanceof Point })).takeAll()).toEqual([{ same: true }]);
});
