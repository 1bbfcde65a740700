// oxlint-disable vitest/no-conditional-expect -- what an adapter does not claim to know is not checked
import { blockFromRows, schemaOf, ShoalError, type Datasink, type DeadLetter, type Row, type Schema } from "@shoal/core";
import { describe, expect, test } from "vitest";

/** A place for one output, with a way to look at it. */
export interface DatasinkFixture {
  /** A sink to the place; every call may be another value. */
  sink(mode: "error" | "overwrite"): Datasink;
  /** The rows that are there under the output's name; undefined when nothing is. */
  read(): Promise<readonly Row[] | undefined>;
  /** The dead letters that are there. */
  readDeadLetters?(): Promise<readonly unknown[]>;
  /** Everything at the place, hidden things too: what must be gone after `discard`. */
  traces?(): Promise<readonly string[]>;
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** What a Datasink cannot do. */
export interface DatasinkGaps {
  /** An output is never replaced. */
  readonly overwrite?: false;
  /** A second run on the same place is not noticed. */
  readonly exclusive?: false;
  /** A column may change its type. */
  readonly checksTypes?: false;
}

const never = new AbortController().signal;
const first: Row[] = [{ id: 1, text: "one" }, { id: 2, text: "two, \"quoted\"\n" }];
const second: Row[] = [{ id: 3.5, text: null }];
const schema: Schema = schemaOf(blockFromRows(first).columns);
const letter: DeadLetter = { row: { id: 9 }, error: { code: "too-odd", message: "nine" }, attempts: 2, step: "predict", source: "numbers 8" };

/** What every Datasink must do. @param create A place where nothing is; called for each test. */
export function testDatasink(name: string, create: () => Promise<DatasinkFixture> | DatasinkFixture, gaps: DatasinkGaps = {}): void {

  describe(`datasink ${name}`, () => {
    test("shows nothing before it is published, and then everything, in order", () => withFixture(create, async (fixture) => {
      const sink = fixture.sink("error");
      expect(await fixture.read(), "nothing is touched before open").toBeUndefined();
      const writer = await sink.open(never);
      await writer.write(blockFromRows(first));
      await writer.write(blockFromRows(second));
      expect(await fixture.read()).toBeUndefined();
      const result = await writer.publish(schema);
      expect(result.rows).toBe(3);
      expect(result.files.length).toBeGreaterThan(0);
      expect(result.bytes).toBeGreaterThan(0);
      expect(result.deadLetters).toBeUndefined();
      expect(await fixture.read()).toEqual([...first, ...second]);
    }));

    test("leaves nothing when it is discarded", () => withFixture(create, async (fixture) => {
      const before = await fixture.traces?.();
      const writer = await fixture.sink("error").open(never);
      await writer.write(blockFromRows(first));
      await writer.writeDeadLetters([letter]);
      await writer.discard();
      expect(await fixture.read()).toBeUndefined();
      expect(await fixture.traces?.()).toEqual(before);
      await publishRows(fixture.sink("error"), second);
      expect(await fixture.read()).toEqual(second);
    }));

    test("appears without rows too", () => withFixture(create, async (fixture) => {
      const result = await publishRows(fixture.sink("error"), []);
      expect(result.rows).toBe(0);
      expect(await fixture.read()).toEqual([]);
    }));

    test("does not touch an output that is there", () => withFixture(create, async (fixture) => {
      await publishRows(fixture.sink("error"), first);
      await expect(fixture.sink("error").open(never)).rejects.toSatisfy((error) => ShoalError.is(error, "output-exists"));
      expect(await fixture.read()).toEqual(first);
    }));

    test.skipIf(gaps.overwrite === false)("replaces an output only with a whole one", () => withFixture(create, async (fixture) => {
      await publishRows(fixture.sink("error"), first);
      const traces = await fixture.traces?.();
      const given = await fixture.sink("overwrite").open(never);
      await given.write(blockFromRows(second));
      expect(await fixture.read()).toEqual(first);
      await given.discard();
      expect(await fixture.read()).toEqual(first);
      await publishRows(fixture.sink("overwrite"), second);
      expect(await fixture.read()).toEqual(second);
      expect(await fixture.traces?.()).toEqual(traces);
    }));

    test.skipIf(gaps.exclusive === false)("lets one run write at a time", () => withFixture(create, async (fixture) => {
      const writer = await fixture.sink("error").open(never);
      await expect(fixture.sink("overwrite").open(never)).rejects.toSatisfy((error) => ShoalError.is(error, "output-busy"));
      await writer.write(blockFromRows(first));
      await writer.publish(schema);
      expect(await fixture.read()).toEqual(first);
    }));

    test("publishes dead letters with the output, apart from the rows", () => withFixture(create, async (fixture) => {
      const writer = await fixture.sink("error").open(never);
      await writer.write(blockFromRows(first));
      await writer.writeDeadLetters([letter]);
      await writer.writeDeadLetters([letter]);
      const result = await writer.publish(schema);
      expect(result.deadLetters).toBeTypeOf("string");
      expect(await fixture.read()).toEqual(first);
      if (fixture.readDeadLetters !== undefined) expect(await fixture.readDeadLetters()).toEqual([letter, letter]);
    }));

    test("fills in a column that a block lacks", () => withFixture(create, async (fixture) => {
      const writer = await fixture.sink("error").open(never);
      await writer.write(blockFromRows(first));
      await writer.write(blockFromRows([{ id: 3 }]));
      await writer.write(blockFromRows([{ text: "four", id: null }]));
      await writer.publish(schema);
      expect(await fixture.read()).toEqual([...first, { id: 3, text: null }, { id: null, text: "four" }]);
    }));

    test.skipIf(gaps.checksTypes === false)("refuses a column that changes its type", () => withFixture(create, async (fixture) => {
      const writer = await fixture.sink("error").open(never);
      await writer.write(blockFromRows(first));
      await expect(writer.write(blockFromRows([{ id: "three", text: "x" }]))).rejects.toSatisfy((error) => ShoalError.is(error, "schema-conflict"));
      await writer.discard();
      expect(await fixture.read()).toBeUndefined();
    }));

    test("opens nothing for a run that is aborted", () => withFixture(create, async (fixture) => {
      const before = await fixture.traces?.();
      await expect(fixture.sink("error").open(AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
      expect(await fixture.traces?.()).toEqual(before);
    }));
  });
}

async function publishRows(sink: Datasink, rows: readonly Row[]) {
  const writer = await sink.open(never);
  if (rows.length > 0) await writer.write(blockFromRows(rows));
  return writer.publish(schema);
}

async function withFixture(create: () => Promise<DatasinkFixture> | DatasinkFixture, check: (fixture: DatasinkFixture) => Promise<void>): Promise<void> {
  const fixture = await create();
  try {
    await check(fixture);
  } finally {
    await fixture[Symbol.asyncDispose]?.();
  }
}
