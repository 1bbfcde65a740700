import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LedgerRecord } from "@shoal/executor";
import { sentiment } from "@shoal/tiny-models";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelVersion } from "./model-version.ts";
import { lookIntoLedger, openRunLedger } from "./run-ledger.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "shoal-ledger-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const head = { identity: { steps: [], versions: {} }, startedAt: "2026-01-01T00:00:00.000Z" };
const record = (rows: number): LedgerRecord => ({ rows, failed: 0 });
const block = (at: number): Uint8Array => Uint8Array.from({ length: 20 + at }, () => at);

test("a ledger that is cut at any byte has what was whole before that, and goes on from there", async () => {
  const whole = await openRunLedger(folder);
  await whole.begin(head);
  for (const at of [1, 2, 3]) await whole.commit(record(at), block(at));
  await whole.commit({ ...record(3), complete: true });
  await whole.close();
  const file = join(folder, "ledger", "run.ledger");
  const bytes = await readFile(file);
  let most = 0;
  for (let length = 0; length <= bytes.byteLength; length++) {
    await writeFile(file, bytes.subarray(0, length));
    const torn = await openRunLedger(folder);
    const rows = torn.records.map((each) => each.rows);
    expect([1, 2, 3, 3].slice(0, rows.length)).toEqual(rows);
    expect(rows.length).toBeGreaterThanOrEqual(most);
    most = rows.length;
    for (const at of rows.keys()) expect(await torn.block(at)).toEqual(at < 3 ? block(at + 1) : new Uint8Array());
    if (torn.head === undefined) await torn.begin(head);
    await torn.commit(record(9), block(9));
    await torn.close();
    const again = await openRunLedger(folder);
    expect(again.records.map((each) => each.rows)).toEqual([...rows, 9]);
    expect(await again.block(rows.length)).toEqual(block(9));
    await again.close();
  }
  expect(most).toBe(4);
});

test("bytes that changed on the disk are not given out, and what follows can be cut off", async () => {
  const ledger = await openRunLedger(folder);
  await ledger.begin(head);
  for (const at of [1, 2, 3]) await ledger.commit(record(at), block(at));
  await ledger.close();
  const file = join(folder, "ledger", "run.ledger");
  const bytes = await readFile(file);
  bytes[bytes.indexOf(Buffer.from(block(2))) + 3] = 77;
  await writeFile(file, bytes);
  const damaged = await openRunLedger(folder);
  expect([await damaged.block(0), await damaged.block(1), await damaged.block(2)]).toEqual([block(1), undefined, block(3)]);
  await damaged.cut(1);
  await damaged.commit(record(5), block(5));
  await damaged.close();
  expect(await lookIntoLedger(folder)).toMatchObject({ rows: 5, startedAt: head.startedAt });
  await truncate(file, 0);
  expect(await lookIntoLedger(folder)).toBeUndefined();
});

test("the version of a model changes with any of its files, and not with its place", async () => {
  const model = join(folder, "model");
  await cp(fileURLToPath(sentiment), model, { recursive: true });
  const version = await modelVersion(model);
  expect(version).toMatch(/^[0-9a-f]{32}$/);
  expect(await modelVersion(sentiment)).toBe(version);
  const weights = join(model, "onnx", "model.onnx");
  const bytes = await readFile(weights);
  bytes[bytes.byteLength - 9] = (bytes[bytes.byteLength - 9] as number) ^ 1;
  await writeFile(weights, bytes);
  expect(await modelVersion(model)).not.toBe(version);
  expect(await modelVersion("https://example.com/model")).toBeUndefined();
  expect(await modelVersion("org/name")).toBeUndefined();
});
