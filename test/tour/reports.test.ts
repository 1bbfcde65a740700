// The plan and the report that the documentation explains are those of its example.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { range, type Dataset, type RunEvent } from "shoal";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("a plan and a report, explained", async () => {
  const page = await readFile(`${root}packages/shoal/REPORTS.md`, "utf8");
  const [plan, report] = [...page.matchAll(/^```text\n(.*?)\n```/gms)].map(([, text]) => text as string);
  const { default: reviews } = (await import(`${root}apps/examples/reports/reviews.ts`)) as { readonly default: Dataset };
  expect(plan).toBe(reviews.explain());
  expect(await reviews.takeAll()).toHaveLength(1665);
  expect(withoutTimes(report as string)).toEqual(withoutTimes(reviews.stats()));
});

test("a bar of one's own", async () => {
  const { bar } = (await import(`${root}apps/examples/reports/bar.ts`)) as { readonly bar: (write: (text: string) => unknown) => (event: RunEvent) => void };
  let shown = "";
  await range(2000).map((row) => row).takeAll(Infinity, { onEvent: bar((text) => (shown += text)) });
  expect(shown.split("\r").at(-1)).toBe(`${"█".repeat(30)} 2000 of 2000, 0 s left \n`);
});

test("the page names every kind of event", async () => {
  const page = await readFile(`${root}packages/shoal/REPORTS.md`, "utf8");
  const source = await readFile(`${root}packages/executor/src/stats/run-event.ts`, "utf8");
  const kinds = [...source.matchAll(/kind: "([a-z-]+)"/g)].map(([, kind]) => kind as string);
  expect(kinds.length).toBeGreaterThan(8);
  expect(kinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
});

/** Lines without what differs from run to run: times, rates, shares, how many actors the queue needed, and the last line, which judges them. */
function withoutTimes(report: string): string[] {
  return report.split("\n").slice(0, -1).map((line) => line.replaceAll(/[\d.,]+ (min [\d.]+ s|ms|s|%|MiB|rows\/s)/g, "#").replace(/\d+ actors? on/, "# on").replaceAll(/ +/g, " ").replace(/ [\d,]+( #)+/, " # #"));
}
