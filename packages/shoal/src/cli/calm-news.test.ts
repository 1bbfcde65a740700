import type { WorkerSnapshot } from "@shoal/cluster";
import { expect, test } from "vitest";
import { CalmNews } from "./calm-news.ts";

const worker = (n: number): WorkerSnapshot => ({ worker: `w${n}`, label: `number ${n}`, host: "machine", runtime: "node 20", devices: ["cpu"], state: "waiting", joinedAt: 0, rowsDone: 0, blocksDone: 0, rowsPerSecond: 0, failures: 0 });

test("few workers are told one by one, and of many how many they are, twice a minute", () => {
  const news = new CalmNews(0);
  const some = [worker(1), worker(2)];
  expect(news.lines([], some, 100)).toEqual(["number 1 (cpu) joined; 2 workers now", "number 2 (cpu) joined; 2 workers now"]);
  expect(new CalmNews(0, "other worker").lines([], some.slice(0, 1), 100)).toEqual(["number 1 (cpu) joined; 1 other worker now"]);
  const many = Array.from({ length: 500 }, (_, n) => worker(n + 1));
  expect(news.lines(some, many, 200)).toHaveLength(18);
  const said: string[] = [];
  for (let now = 200; now <= 60_400; now += 100) said.push(...news.lines(many, many, now));
  expect(said).toEqual(["480 more workers joined, and 0 left; 500 workers now"]);
  // One that comes and goes all the time.
  const flapping: string[] = [];
  for (let now = 100_000; now < 400_000; now += 250) flapping.push(...news.lines(now % 500 === 0 ? some : [], now % 500 === 0 ? [] : some, now));
  expect(flapping.length).toBeLessThan(60);
  expect(flapping.findLast((line) => line.includes("more"))).toMatch(/^\d+ more workers joined, and \d+ left; \d workers? now$/);
});
