// Compiled, not run: a wrong column must not compile.
import { expectTypeOf } from "expect-type";
import { definePredictor, type Datasink, type Datasource, type PredictorStep } from "@shoal/core";
import type { RemoteRunner } from "@shoal/executor";
import { dataset, type Dataset, type DatasetRuntime } from "./index.ts";
import type { OfFunctions, Reads } from "./row-types.ts";

declare const runtime: DatasetRuntime;
declare const source: Datasource<{ id: number; text: string; vector: Float32Array; maybe: string | null }>;
declare const classify: PredictorStep<{ text: string }, { label: string; score: number }, undefined, "adds">;
declare const classifyBody: PredictorStep<{ body: string }, { label: string }, undefined, "adds">;

const rows = dataset(source, runtime);
type Rows = { id: number; text: string; vector: Float32Array; maybe: string | null };

export async function typesFlow(): Promise<void> {
  for await (const row of rows) expectTypeOf(row).toEqualTypeOf<Rows>();
  expectTypeOf(rows.select("id", "text")).toEqualTypeOf<Dataset<{ id: number; text: string }>>();
  expectTypeOf(rows.drop("vector", "maybe")).toEqualTypeOf<Dataset<{ id: number; text: string }>>();
  expectTypeOf(rows.rename({ text: "body" }).select("body", "id")).toEqualTypeOf<Dataset<{ body: string; id: number }>>();
  expectTypeOf(rows.withColumn("length", (row) => row.text.length).select("length")).toEqualTypeOf<Dataset<{ length: number }>>();
  expectTypeOf(rows.filter((row): row is Rows & { maybe: string } => row.maybe !== null).select("maybe")).toEqualTypeOf<Dataset<{ maybe: string }>>();
  expectTypeOf(await rows.map((row) => ({ twice: row.id * 2 })).take()).toEqualTypeOf<{ twice: number }[]>();
  expectTypeOf(await rows.flatMap((row) => row.text.split(" ").map((word) => ({ word }))).takeAll()).toEqualTypeOf<{ word: string }[]>();

  // A consumer gets a bigint as the number it is, up to 2^53; a function right after the step gets what that gave.
  type Big = { big: number | bigint; maybe: number | bigint | null; text: string };
  const big = (text: string) => ({ big: 1n, maybe: text === "" ? null : 2n, text });
  expectTypeOf(rows.map((row) => big(row.text))).toEqualTypeOf<Dataset<Big>>();
  expectTypeOf(rows.flatMap((row) => [big(row.text)])).toEqualTypeOf<Dataset<Big>>();
  expectTypeOf(rows.withColumn("big", () => 1n).select("big")).toEqualTypeOf<Dataset<{ big: number | bigint }>>();
  expectTypeOf(rows.mapBatches((batch) => batch.map((row) => big(row.text)), { batchFormat: "rows" })).toEqualTypeOf<Dataset<Big>>();

  // Of rows of several types, each by itself.
  type Either = { kind: "big"; n: bigint } | { kind: "text"; text: string };
  const either = (text: string): Either => (text === "" ? { kind: "big", n: 1n } : { kind: "text", text });
  expectTypeOf(await rows.map((row) => either(row.text)).takeAll()).toEqualTypeOf<({ kind: "big"; n: number | bigint } | { kind: "text"; text: string })[]>();

  // @ts-expect-error -- no such column
  rows.select("txet");
  // @ts-expect-error -- it was dropped
  rows.drop("text").select("text");
  // @ts-expect-error -- it was renamed
  rows.rename({ text: "body" }).map((row) => ({ text: row.text }));
}

export async function predictorsAreChecked(): Promise<void> {
  const [added] = await rows.mapBatches(classify).takeAll();
  expectTypeOf(added?.label).toEqualTypeOf<string | undefined>();
  expectTypeOf(added?.id).toEqualTypeOf<number | undefined>();
  const [nulled] = await rows.mapBatches(classify, { onError: "null" }).takeAll();
  expectTypeOf(nulled?.score).toEqualTypeOf<number | null | undefined>();
  expectTypeOf(nulled?.text).toEqualTypeOf<string | undefined>();

  // @ts-expect-error -- it reads "body", which the rows lack
  rows.mapBatches(classifyBody);
  rows.rename({ text: "body" }).mapBatches(classifyBody);
  // @ts-expect-error -- "text" has become a number
  rows.map((row) => ({ text: row.id })).mapBatches(classify);
}

export function functionsRunInNoActor(): void {
  rows.mapBatches((batch) => ({ n: batch.id }), { batchSize: 8 });
  // @ts-expect-error -- says so in words, below
  rows.mapBatches((batch) => ({ n: batch.id }), { concurrency: 4 });
  // @ts-expect-error -- says which option it is
  rows.mapBatches((batch) => ({ n: batch.id }), { batchSize: "8" });
  // @ts-expect-error -- no columns
  rows.mapBatches((batch) => batch.id.length);
  // @ts-expect-error -- no such option of predictors
  rows.mapBatches(classify, { concurency: 4 });
  expectTypeOf<OfFunctions<"columns">["concurrency"]>().toEqualTypeOf<"an option of actors, and a function runs in none: make it a predictor with definePredictor" | undefined>();
  expectTypeOf<OfFunctions<"columns">["batchSize"]>().toEqualTypeOf<number | "auto" | undefined>();
}

export function untypedRowsSaySo(untyped: Dataset): void {
  // @ts-expect-error -- who knows whether there is a column "text"
  untyped.mapBatches(classify);
  expectTypeOf<keyof Reads<Record<string, unknown>, { text: string }>>().toEqualTypeOf<"the rows have no types; write readParquet<{ text: … }>(…)">();
  expectTypeOf<keyof Reads<{ text: number }, { text: string }>>().toEqualTypeOf<`column "text" has another type in the rows`>();
}

const score = definePredictor<{ vector: Float32Array[] }>()(import.meta, "score", {
  setup: async () => ({ bias: 1 }),
  predict: async (batch, { bias }) => ({ ...batch, score: Float32Array.from(batch.vector, (row) => (row[0] ?? 0) + bias) }),
});
const replaced = definePredictor<{ text: string[] }>()(import.meta, "replaced", {
  setup: (_actor, args: { suffix: string }) => args,
  predict: (batch, { suffix }) => ({ out: batch.text.map((text) => text + suffix) }),
});

export async function predictorsOfOnesOwn(): Promise<void> {
  const [kept] = await rows.mapBatches(score, { batchSize: 8, concurrency: [1, 4] }).takeAll();
  expectTypeOf(kept?.score).toEqualTypeOf<number | undefined>();
  expectTypeOf(kept?.id).toEqualTypeOf<number | undefined>();
  const out = rows.mapBatches(replaced, { args: { suffix: "!" } });
  expectTypeOf(await out.takeAll()).toEqualTypeOf<{ out: string }[]>();
  // @ts-expect-error -- its setup takes arguments
  rows.mapBatches(replaced);
  // @ts-expect-error -- what it did not return is gone
  out.select("text");
  // @ts-expect-error -- no such option
  rows.mapBatches(score, { batchsize: 8 });
}

export async function batchFunctions(): Promise<void> {
  const lengths = rows.mapBatches((batch) => {
    expectTypeOf(batch.text).toEqualTypeOf<string[]>();
    expectTypeOf(batch.vector).toEqualTypeOf<Float32Array[]>();
    return { length: Int32Array.from(batch.text, (text) => text.length) };
  });
  expectTypeOf(await lengths.takeAll()).toEqualTypeOf<{ length: number }[]>();
  const asRows = rows.mapBatches((batch) => batch.map((row) => ({ id: row.id })), { batchFormat: "rows", batchSize: 10 });
  expectTypeOf(await asRows.takeAll()).toEqualTypeOf<{ id: number }[]>();
}

declare const cluster: RemoteRunner;
declare const sink: Datasink;

export async function everyConsumingCallTakesACluster(): Promise<void> {
  const on = { on: cluster, volunteers: true, name: "reviews", note: "Reviews of films.", priority: 1 } as const;
  for await (const row of rows.iterRows(on)) expectTypeOf(row).toEqualTypeOf<Rows>();
  for await (const block of rows.iterBlocks(on)) expectTypeOf(block.rows).toEqualTypeOf<number>();
  for await (const batch of rows.iterBatches({ batchSize: 8, ...on })) expectTypeOf(batch.text).toEqualTypeOf<string[]>();
  expectTypeOf(await rows.take(3, on)).toEqualTypeOf<Rows[]>();
  expectTypeOf(await rows.takeAll(3, on)).toEqualTypeOf<Rows[]>();
  await rows.takeBatch(3, on);
  await rows.show(3, on);
  await rows.count(on);
  await rows.schema(on);
  await rows.materialize(on);
  await rows.write(sink, on);
  await rows.to(sink).run(on);
  rows.explain(on);
  // @ts-expect-error -- a link is not a cluster: connect(link) gives one
  await rows.take(3, { on: "http://host:7171/#token" });
}
