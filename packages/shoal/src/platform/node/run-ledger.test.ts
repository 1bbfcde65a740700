import { cp, mkdtemp, open, readFile, rm, truncate, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LedgerRecord } from "@shoal/executor";
import { sentiment } from "@shoal/tiny-models";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
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

test("a disk that is still busy when the run ends does not fail it", async () => {
  const file = await open(join(folder, "any"), "w");
  const files = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  const ledger = await openRunLedger(join(folder, "busy"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void (vi.restoreAllMocks(), vi.useRealTimers()));
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  let synced!: () => void;
  const datasync = vi.spyOn(files, "datasync").mockImplementationOnce(() => new Promise((resolve) => void (synced = resolve)));
  // Time passes while the file is being closed, which comes right after.
  datasync.mockImplementationOnce(async () => process.nextTick(() => void vi.advanceTimersByTime(10_000)));
  await ledger.begin(head);
  vi.advanceTimersByTime(1000);
  expect(datasync).toHaveBeenCalledTimes(1);
  await ledger.commit(record(1), block(1));
  const closing = ledger.close();
  while ((await lookIntoLedger(join(folder, "busy")))?.rows !== 1);
  await turn();
  synced();
  await closing;
  vi.restoreAllMocks();
  expect(await lookIntoLedger(join(folder, "busy"))).toMatchObject({ rows: 1 });
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
