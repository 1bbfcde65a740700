import { describe, expect, test } from "vitest";
import { bottleneck, type JobStanding } from "./snapshot/bottleneck.ts";
import { CountedRows } from "./snapshot/counted-rows.ts";
import { RecentBytes } from "./results/recent-bytes.ts";
import { RecentRate } from "../rates/recent-rate.ts";
import { sampleValue } from "./snapshot/sample-value.ts";
import { decodeAbout, encodeAbout } from "./results/stored-result.ts";

test("a rate is that of the last ten seconds", () => {
  const rate = new RecentRate();
  expect(rate.perSecond(0)).toBe(0);
  for (let second = 0; second < 30; second++) rate.add(second * 1000 + 500, 10);
  expect(rate.perSecond(30_000)).toBeCloseTo(10, 0);
  expect(rate.perSecond(34_000)).toBeLessThan(7);
  expect(rate.perSecond(60_000)).toBe(0);
});

test("where steps are longer than that, it is the rate of the last two, until the next is overdue", () => {
  const rate = new RecentRate();
  rate.begin(0);
  for (const second of [30, 60, 90]) {
    rate.add(second * 1000, 600);
    expect(rate.perSecond(second * 1000)).toBe(20);
    expect(rate.perSecond(second * 1000 + 29_000)).toBe(20);
  }
  expect(rate.perSecond(150_000)).toBeLessThan(15);
  expect(rate.perSecond(181_000)).toBe(0);
  rate.begin(300_000);
  rate.add(310_000, 100);
  expect(rate.perSecond(310_000)).toBe(10);
});

test("rows of a task that runs count as they are done, and once", () => {
  const rows = new CountedRows<string>();
  rows.begin(0);
  for (let second = 2; second <= 20; second += 2) {
    rows.progressed(second * 1000, "block", second * 10);
    expect(rows.perSecond(second * 1000)).toBeCloseTo(10, 5);
  }
  // Another worker is behind with the same block.
  rows.progressed(20_000, "block", 50);
  rows.ended(22_000, "block", 220);
  expect(rows.perSecond(22_000)).toBeCloseTo(10, 5);
});

test("recent bytes are as many as fit, and the oldest go", () => {
  const recent = new RecentBytes(10);
  for (const name of ["a", "b", "c"]) recent.add(name, new Uint8Array(4));
  expect(["a", "c", "c", "b"].map((name) => recent.take(name)?.byteLength)).toEqual([undefined, 4, undefined, 4]);
  // Two blocks may have the same result.
  for (let times = 0; times < 2; times++) recent.add("b", new Uint8Array(4));
  expect([recent.take("b"), recent.take("b"), recent.take("b")].map((bytes) => bytes?.byteLength)).toEqual([4, 4, undefined]);
  recent.add("large", new Uint8Array(11));
  expect(recent.take("large")).toBeUndefined();
});

test("what is said of a result comes back from its blob", () => {
  const about = { failures: [{ row: 1, attempts: 2, error: { code: "bad", message: "a bäd row" } }], stats: { device: "cpu", preprocessMs: 1, predictMs: 2, postprocessMs: 3, batches: [4], counts: { tokens: 5 } } };
  expect(decodeAbout(encodeAbout(about))).toEqual(about);
  expect(() => decodeAbout(new Uint8Array(3))).toThrow(expect.objectContaining({ code: "bad-blob" }));
});

describe("a sample", () => {
  test("is JSON, and long things are cut", () => {
    expect(sampleValue("x".repeat(1000))).toHaveLength(301);
    expect(sampleValue({ a: [1, 2.123456, 3], b: new Float32Array(100), c: 7n, d: null, e: Number.NaN, f: new Date(0) })).toEqual({
      a: "[1, 2.123, 3]", b: "[0, 0, 0, 0, 0, 0, 0, 0, … 100 numbers]", c: "7", d: null, e: "NaN", f: "1970-01-01T00:00:00.000Z",
    });
  });

  test("shows pictures small", () => {
    const picture = sampleValue({ width: 200, height: 100, channels: 3, data: new Uint8Array(200 * 100 * 3).fill(9) });
    expect(picture).toMatch(/^data:image\/bmp;base64,Qk/);
    expect((picture as string).length).toBeLessThan(12_000);
    expect(sampleValue(new Uint8Array([0xff, 0xd8, 0xff, 0]))).toBe("data:image/jpeg;base64,/9j/AA==");
    expect(sampleValue(new Uint8Array(5))).toBe("5 bytes");
  });
});

describe("what holds a job up is said in one sentence", () => {
  const running: JobStanding = {
    state: "running", trouble: undefined, hasDriver: true, missingFiles: 0, isHeldUp: false, workers: 3, nobody: undefined, able: 3, busy: 3, loading: 0, ready: 5, leased: 3, hasEnded: false, last: undefined,
  };
  test.each<[Partial<JobStanding>, string]>([
    [{}, "All 3 workers are busy: more would help."],
    [{ workers: 0, able: 0, busy: 0 }, "No worker is here: open the link on another machine, or run shoal work with it."],
    [{ nobody: { name: "x", why: "needs cuda: none of the 3 workers has it" } }, "Nobody can do x: needs cuda: none of the 3 workers has it."],
    [{ loading: 3 }, "All 3 workers are loading the model."],
    [{ isHeldUp: true }, "The driver reads results more slowly than they come."],
    [{ busy: 1, ready: 0 }, "Workers wait for blocks: the driver can't read and prepare its input faster."],
    [{ busy: 1, ready: 0, leased: 1, hasEnded: true, last: { worker: "a phone", seconds: 12 } }, "One block is left: worker a phone has had it for 12 s."],
    [{ trouble: "The disk is full." }, "Results can't be stored: The disk is full."],
    [{ hasDriver: false, state: "paused" }, "Its driver is gone: nothing more is leased until it comes back."],
    [{ state: "failed" }, "The job was given up: it failed."],
  ])("%j", (change, sentence) => expect(bottleneck({ ...running, ...change })).toBe(sentence));
});
