import { expect, test } from "vitest";
import { RecentRate } from "./recent-rate.ts";

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
