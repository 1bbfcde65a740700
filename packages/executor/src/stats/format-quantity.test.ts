import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, formatRate, plural } from "./format-quantity.ts";

test("durations", () => {
  expect([0, 999.4, 1000, 59_400, 59_960, 125_000, 3_600_000, 12_000_000].map((ms) => formatDuration(ms)))
    .toEqual(["0 ms", "999 ms", "1.0 s", "59.4 s", "1 min 0 s", "2 min 5 s", "1 h 0 min", "3 h 20 min"]);
  expect([0, 400, 12_300, 59_600].map((ms) => formatDuration(ms, { wholeSeconds: true }))).toEqual(["0 s", "0 s", "12 s", "1 min 0 s"]);
});

test("counts and bytes", () => {
  expect([formatCount(1234.5), plural(1, "batch", "batches"), plural(2000, "batch", "batches"), plural(0.5, "CPU")]).toEqual(["1,235", "1 batch", "2,000 batches", "0.5 CPUs"]);
  expect([0, 512, 1536, 2 ** 30, 200.5 * 2 ** 20].map(formatBytes)).toEqual(["0 B", "512 B", "1.5 KiB", "1 GiB", "201 MiB"]);
});

test("rates of slow things are not none", () => {
  expect([0, 1 / 98, 1 / 9.8, 1.04, 7.976, 12.6, 1234.5].map(formatRate)).toEqual(["0", "0.01", "0.1", "1", "8", "13", "1,235"]);
});
