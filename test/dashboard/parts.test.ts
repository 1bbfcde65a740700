import { blockStates } from "@shoal/coordinator/dashboard/blocks/block-states.ts";
import { cellAt, chooseGrid, countBlocks, describeCell, fillCells } from "@shoal/coordinator/dashboard/blocks/cells.ts";
import { buffersOf, packRuns } from "@shoal/coordinator/dashboard/blocks/packed-runs.ts";
import { paintCells } from "@shoal/coordinator/dashboard/blocks/paint-cells.ts";
import { readAddress } from "@shoal/coordinator/dashboard/connection/address.ts";
import { readSnapshot } from "@shoal/coordinator/dashboard/connection/read-snapshot.ts";
import { cellText, isPicture } from "@shoal/coordinator/dashboard/cell-text.ts";
import { groupFailures } from "@shoal/coordinator/dashboard/failures.ts";
import { RateHistory } from "@shoal/coordinator/dashboard/history/rate-history.ts";
import { RecentRates, sparkline } from "@shoal/coordinator/dashboard/history/recent-rates.ts";
import { isHere, isListed } from "@shoal/coordinator/dashboard/own-workers.ts";
import { keepOrder, rankWorkers } from "@shoal/coordinator/dashboard/rank-workers.ts";
import { shareTexts } from "@shoal/coordinator/dashboard/share-texts.ts";
import type { Snapshot } from "@shoal/cluster";
import * as format from "@shoal/volunteer/format";
import { describe, expect, test } from "vitest";
import { scene } from "./scene.ts";

describe("the map of blocks", () => {
  const map = [["d", 1200], ["l", 4], ["t", 1], ["r", 295]] as const;
  const runs = packRuns(map);

  test("has one cell a block, as large as fits, while there are few", () => {
    expect(chooseGrid(24, 800, 128)).toEqual({ pitch: 20, columns: 40, rows: 1, blocksPerCell: 1 });
    expect(chooseGrid(1000, 800, 128)).toMatchObject({ pitch: 9, blocksPerCell: 1 });
  });

  test("takes a round number of blocks to a cell when there are many, and always fits", () => {
    for (const blocks of [0, 1, 1601, 5000, 99_999, 1_000_000, 1e9]) for (const width of [1, 280, 740, 1200]) {
      const { pitch, columns, rows, blocksPerCell } = chooseGrid(blocks, width, 128);
      expect(rows * pitch).toBeLessThanOrEqual(Math.max(128, pitch));
      expect(columns * rows * blocksPerCell).toBeGreaterThanOrEqual(blocks);
      expect(String(blocksPerCell)).toMatch(/^[1-6 8]0*$/);
    }
  });

  test("counts every block once, in its cell", () => {
    for (const blocksPerCell of [1, 3, 8, 700, 5000]) {
      const cells = fillCells(runs, blocksPerCell, 2000);
      expect(cells.counts.reduce((sum, count) => sum + count, 0)).toBe(2000);
      expect(cells.sums).toEqual({ d: 1200, c: 0, l: 4, r: 295, n: 500, s: 0, q: 0, t: 1 });
      const states = map.flatMap(([state, blocks]) => Array.from({ length: blocks }, () => state));
      for (let cell = 0; cell < cells.cells; cell++) {
        const inside = Array.from({ length: Math.min(blocksPerCell, 2000 - cell * blocksPerCell) }, (_, index) => states[cell * blocksPerCell + index] ?? "n");
        expect([...cells.counts.subarray(cell * blockStates.length, (cell + 1) * blockStates.length)]).toEqual(blockStates.map((state) => inside.filter((each) => each === state).length));
      }
    }
  });

  test("believes the map where it is longer than the total said, and takes a state that it doesn't know for waiting", () => {
    expect(countBlocks(runs, 3)).toBe(1500);
    expect(fillCells(packRuns([["z", 5]]), 1).sums.r).toBe(5);
    expect(fillCells(packRuns([]), 1)).toMatchObject({ blocks: 0, cells: 0 });
  });

  test("says what a cell stands for", () => {
    expect(describeCell(fillCells(runs, 1), 1201)).toBe("Block 1,201: computing");
    expect(describeCell(fillCells(runs, 10), 3)).toBe("Blocks 30–39: all done");
    expect(describeCell(fillCells(runs, 10), 120)).toBe("Blocks 1,200–1,209: 4 computing, 5 waiting, 1 troubled");
    expect(describeCell(fillCells(runs, 400), 3)).toBe("Blocks 1,200–1,499: 4 computing, 295 waiting, 1 troubled");
  });

  test("finds the cell under a pointer", () => {
    const grid = { pitch: 10, columns: 5, rows: 2, blocksPerCell: 1 };
    expect(cellAt(grid, 8, 0, 0)).toBe(0);
    expect(cellAt(grid, 8, 27, 15)).toBe(7);
    for (const [x, y] of [[-1, 0], [0, -1], [50, 0], [30, 15], [0, 20]] as const) expect(cellAt(grid, 8, x, y)).toBeUndefined();
  });

  test("paints a cell by shares from its foot, and trouble where one could miss it", () => {
    const drawn: { colour: unknown; top: number; height: number }[] = [];
    const canvas = { canvas: { width: 100, height: 100 }, fillStyle: "", setTransform() {}, clearRect() {}, fillRect(_x: number, top: number, _width: number, height: number) { drawn.push({ colour: this.fillStyle, top, height }); } };
    const colours = { d: "d", c: "c", l: "l", r: "r", n: "n", s: "s", q: "q", t: "t", mark: "mark" };
    paintCells(canvas as unknown as Parameters<typeof paintCells>[0], { pitch: 11.5, columns: 1, rows: 1, blocksPerCell: 1000 }, fillCells(packRuns([["d", 500], ["t", 1], ["r", 499]]), 1000), colours, 1);
    expect(drawn.map(({ colour }) => colour)).toEqual(["d", "r", "t"]);
    expect(drawn[0]).toMatchObject({ top: 5, height: 5 });
    expect(drawn[2]).toMatchObject({ top: 0, height: 2 });
  });
});

describe("the history of rates", () => {
  test("takes the mean of each second, and breaks the line where nothing was heard", () => {
    const history = new RateHistory();
    for (const [at, rate] of [[1000, 10], [1200, 20], [1999, 30], [2000, 5], [30_000, 7]] as const) history.add(at, rate, []);
    expect(history.times).toEqual([1000, 2000, 3000, 30_000]);
    expect(history.totals).toEqual([20, 5, null, 7]);
  });

  test("stays within its size for however long, and keeps the mean", () => {
    const history = new RateHistory(100);
    for (let second = 0; second < 20_000; second++) history.add(second * 1000, second % 2 === 0 ? 100 : 300, [["a", 50], ["b", second < 10_000 ? 0 : 10]]);
    expect(history.times.length).toBeLessThanOrEqual(100);
    expect(history.times.length).toBeGreaterThan(40);
    expect(history.bucketMs).toBe(256_000);
    for (const total of history.totals.slice(0, -2)) expect(total).toBeCloseTo(200, 0);
    const [a, b] = history.bands(2);
    expect(a?.rates).toHaveLength(history.times.length);
    expect(a?.rates[3]).toBeCloseTo(50);
    expect([b?.rates[3], b?.rates.at(-3)]).toEqual([0, 10]);
  });

  test("puts who gave most apart, all others together, and nobody out of his place", () => {
    const history = new RateHistory();
    const workers = (second: number) => [["slow", 1], ["fast", 100], ["late", second < 5 ? 0 : 500], ["tiny", 0.5]] as const;
    for (let second = 0; second < 5; second++) history.add(second * 1000, 0, workers(second));
    expect(history.bands(2).map(({ key }) => key)).toEqual(["fast", "slow", ""]);
    for (let second = 5; second < 9; second++) history.add(second * 1000, 0, workers(second));
    const bands = history.bands(2);
    expect(bands.map(({ key }) => key)).toEqual(["fast", "late", ""]);
    expect([history.shareOfLeaders(2), new RateHistory().shareOfLeaders(2)]).toEqual([(900 + 2000) / (900 + 2000 + 9 * 1.5), 0]);
    expect(bands[1]?.rates).toEqual([0, 0, 0, 0, 0, 500, 500, 500, 500]);
    expect(bands[2]?.rates).toEqual(Array.from({ length: 9 }, () => 1.5));
    expect(new RateHistory().bands(3)).toEqual([]);
  });

  test("keeps apart no more workers than it has room for, however many come and go", () => {
    const history = new RateHistory(50, 10);
    for (let second = 0; second < 200; second++) history.add(second * 1000, 0, [["always", 30], ...Array.from({ length: 20 }, (_, index) => [`${second}-${index}`, 5] as const)]);
    const bands = history.bands(3);
    expect(bands[0]?.key).toBe("always");
    expect(bands[0]?.rates[7]).toBe(30);
    // Whoever was forgotten still counts among all others.
    for (let index = 0; index < history.times.length; index++) expect(bands.reduce((sum, { rates }) => sum + (rates[index] ?? 0), 0)).toBeCloseTo(130);
    expect(history.shareOfLeaders(1)).toBeCloseTo(30 / 130);
  });

  test("draws a sparkline that ends at the right edge", () => {
    const recent = new RecentRates(4, 1000);
    expect(sparkline(recent.rates, 4, 30, 12)).toBe("");
    for (const [at, rate] of [[0, 1], [900, 5], [1000, 10], [4000, 0]] as const) recent.add(at, rate);
    expect(recent.rates).toEqual([10, 10, 10, 0]);
    expect(recent.steady).toBe(7.5);
    expect(sparkline(recent.rates, 4, 30, 12)).toBe("M0.0 1.0L10.0 1.0L20.0 1.0L30.0 11.0");
    expect(sparkline([0, 0], 4, 30, 12)).toBe("");
  });
});

describe("workers", () => {
  const workers = scene(96).workers;

  test("are ranked by their steady rate, those who left apart", () => {
    const { present, gone } = rankWorkers(workers, ({ rowsPerSecond }) => rowsPerSecond);
    expect(present.map(({ label }) => label)).toEqual(["workbench", "Chromium on studio-mac", "garden-pi", "Chromium on a phone", "attic", "reading-room"]);
    expect(gone.map(({ label }) => label)).toEqual(["Firefox on a train"]);
  });

  test("keep their places while somebody points at them, newcomers at the end", () => {
    const { present } = rankWorkers(workers, ({ rowsPerSecond }) => rowsPerSecond);
    expect(keepOrder(present, ["w2", "w0", "w1", "w3", "w5"]).map(({ worker }) => worker)).toEqual(["w2", "w0", "w1", "w3", "w5", "w4"]);
  });
});

test("failures stand by code, the most frequent first", () => {
  const [first, second, ...rest] = groupFailures(scene(96).jobs[0]?.failures ?? []);
  expect([first?.code, first?.failures.length, second?.code, rest.length]).toEqual(["text-too-long", 2, "bad-image", 0]);
  expect(first?.hint).toMatch(/truncation/);
  expect(groupFailures([])).toEqual([]);
});

describe("words", () => {
  test.each([[0, "0"], [0.42, "0.42"], [7.26, "7.3"], [9.96, "10"], [1248.4, "1,248"], [1_254_000, "1.25 M"]])("%s rows/s as %s", (value, text) => expect(format.rate(value)).toBe(text));
  test.each([[0, "0 s"], [59_400, "59 s"], [59_600, "1 min 00 s"], [200_000, "3 min 20 s"], [7_500_000, "2 h 05 min"], [3_599_600, "1 h 00 min"], [86_399_000, "1 d 0 h"], [273_600_000, "3 d 4 h"], [-5, "0 s"]])("%s ms as %s", (ms, text) => expect(format.duration(ms)).toBe(text));
  test.each([[0, 10, "0 %"], [1, 1000, "<1 %"], [999, 1000, "99 %"], [10, 10, "100 %"], [11, 10, "100 %"], [0, 0, "0 %"]])("%s of %s as %s", (part, whole, text) => expect(format.percent(part, whole)).toBe(text));
  test.each([
    [[1, 1, 1], ["34 %", "33 %", "33 %"]], [[665, 335, 0], ["67 %", "33 %", "0 %"]], [[996, 4], ["99 %", "<1 %"]], [[9999, 1], ["99 %", "<1 %"]], [[7], ["100 %"]], [[0, 0], ["0 %", "0 %"]], [[], []],
    [[1, 1, 1, 1, 1, 1, 1], ["15 %", "15 %", "14 %", "14 %", "14 %", "14 %", "14 %"]],
  ])("shares of %j as %j", (parts, texts) => expect(shareTexts(parts)).toEqual(texts));
  test("shares add up to the whole", () => {
    for (let workers = 1; workers < 40; workers++) {
      const texts = shareTexts(Array.from({ length: workers }, (_, at) => 100 + ((at * 37) % 83)));
      expect(texts.reduce((sum, text) => sum + Number.parseInt(text), 0)).toBe(100);
    }
  });
  test.each([[12, "12 B"], [1200, "1.20 kB"], [66_900_000, "66.9 MB"], [1_250_000_000, "1.25 GB"]])("%s bytes as %s", (value, text) => expect(format.bytes(value)).toBe(text));
  test.each([["text", "text"], [1234, "1,234"], [0.123456789, "0.123457"], [null, "null"], [[1, 2], "[1,2]"], [{ a: 1 }, '{"a":1}'], [undefined, "–"]])("the value %j as %s", (value, text) => expect(cellText(value)).toBe(text));
  test("one and many", () => expect([format.plural(1, "worker"), format.plural(1200, "worker")]).toEqual(["1 worker", "1,200 workers"]));
  test("only pictures that are in the row are shown as pictures", () => {
    expect(["data:image/png;base64,AAAA", "https://example.org/a.png", "data:text/html,<b>", 7].map(isPicture)).toEqual([true, false, false, false]);
  });
});

describe("addresses", () => {
  const at = (url: string) => readAddress(new URL(url));
  test("base and token of a page", () => {
    expect(at("http://127.0.0.1:7077/dashboard/#a.b")).toEqual({ base: "http://127.0.0.1:7077", token: "a.b" });
    expect(at("https://example.org/a/shoal/dashboard/index.html#x%2By")).toEqual({ base: "https://example.org/a/shoal", token: "x+y" });
    expect(at("http://localhost/dashboard")).toEqual({ base: "http://localhost", token: "" });
    expect(at("http://localhost/dashboard/#%E0%A4%A")).toMatchObject({ token: "%E0%A4%A" });
  });
});

describe("reading a snapshot", () => {
  test("gives what was sent", () => {
    const sent = scene(96);
    const packed = { ...sent, jobs: sent.jobs.map((job) => ({ ...job, segments: job.segments.map((segment) => ({ ...segment, map: packRuns(segment.map) })) })) };
    const read = readSnapshot(JSON.stringify(sent));
    expect(read).toEqual(packed);
    expect(buffersOf(packed)).toHaveLength(2);
    expect([...(read?.jobs[0]?.segments[0]?.map.blocks ?? [])]).toEqual(sent.jobs[0]?.segments[0]?.map.map(([, blocks]) => blocks));
  });

  test.each(["", "{", "null", "7", "[]", "{}", '{"at":1}', '{"at":"1","jobs":[],"workers":[]}', '{"at":1,"jobs":{},"workers":[]}'])("takes %j for no snapshot", (line) => expect(readSnapshot(line)).toBeUndefined());

  test("shows what can be shown of what another version sends", () => {
    const read = readSnapshot(JSON.stringify({ at: 5, jobs: [7, { job: "j", rowsDone: "many", segments: [null, { map: [["d", 3], ["l", -1], "x", ["r", 1.5]] }], failures: [{}] }], workers: [null, { worker: "w", later: true }], refused: 3 }));
    expect(read).toMatchObject({
      name: "coordinator", refused: {},
      jobs: [{ job: "j", name: "j", state: "running", rowsDone: 0, samples: [], failures: [], segments: [{ segment: 0, map: packRuns([["d", 3]]) }] }],
      workers: [{ worker: "w", label: "w", host: "machine", state: "waiting", devices: [] }],
    });
  });
});

test("what stands for workers of other gateways is counted nowhere, and listed once it has something to do with this one's blocks", () => {
  const [worker] = scene(1).workers as [Snapshot["workers"][number]];
  const idle = { ...worker, runtime: "gateway", state: "waiting" as const, rowsDone: 0, failures: 0 };
  const workers = [worker, { ...worker, state: "gone" as const }, idle, { ...idle, state: "computing" as const }, { ...idle, rowsDone: 7 }];
  expect(workers.map(isHere)).toEqual([true, false, false, false, false]);
  expect(workers.map(isListed)).toEqual([true, true, false, true, true]);
});
