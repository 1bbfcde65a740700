// What io's README shows: a datasource, a datasink, a file to download.
import type { Row } from "@shoal/core";
import { testDatasink } from "@shoal/testing/datasink-suite";
import { testDatasource } from "@shoal/testing/datasource-suite";
import { readDatasource } from "shoal";
import { expect, test } from "vitest";
import { countWords } from "./formats/download.ts";
import { tickets, type Ticket } from "./formats/pages.ts";
import { table } from "./formats/table.ts";

const pages: readonly Ticket[][] = [[{ id: 1, text: "lost card" }, { id: 2, text: "wrong fee" }], [{ id: 3, text: "thanks" }]];
const source = () => tickets(pages.length, async (page) => pages[Number(page.slice("page-".length))] ?? []);

testDatasource("tickets in pages", () => ({ source: source(), rows: pages.flat().map((row) => ({ ...row })) }));

testDatasink("table in memory", () => {
  const store = new Map<string, readonly unknown[]>();
  return {
    sink: (mode) => table(store, "out", mode),
    read: async () => store.get("out") as readonly Row[] | undefined,
    readDeadLetters: async () => store.get("out-dead-letters") ?? [],
    traces: async () => [...store.keys()],
  };
}, { exclusive: false, checksTypes: false });

test("both in a pipeline", async () => {
  const store = new Map<string, readonly unknown[]>();
  const { result } = await readDatasource(source()).filter((row) => row.text !== "thanks").write(table(store, "open"));
  expect(result).toMatchObject({ location: "open", rows: 2 });
  expect(store.get("open")).toEqual(pages[0]);
});

test("a file in, a file out, as in a page", async () => {
  const url = await countWords(new File(["text\none two\nthree\n"], "some.csv"));
  expect(await (await fetch(url)).text()).toBe("text,words\none two,2\nthree,1\n");
});
