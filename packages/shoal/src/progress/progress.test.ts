import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import type { RunEvent } from "@shoal/executor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { progressLine, stageLine, stageLines, startProgress } from "./progress-lines.ts";
import { showProgress } from "./show-progress.ts";

type Stage = Extract<RunEvent, { kind: "stage-progress" }>;

function stage(fields: Partial<Stage> = {}): Stage {
  return { kind: "stage-progress", stage: 0, name: "read a.jsonl", elapsedMs: 1000, rowsIn: 10, rowsOut: 10, rowsDone: fields.rowsOut ?? 10, rowsPerSecond: 10, failedRows: 0, ...fields };
}

const predicting = { stage: 1, name: "sentiment", rowsOut: 1234, rowsPerSecond: 411.4, queue: 3, actors: 2, actorsBusy: 1, failedRows: 4, etaMs: 125_000, elapsedMs: 3000 };

describe("lines", () => {
  test("a stage says what is known of it, and no more", () => {
    const line = (fields: Partial<Stage>): string => stageLine(stage(fields)).replace(/ {2,}/g, "  ");
    expect(line({})).toBe("read a.jsonl  10 rows  10/s");
    expect(line({ ...predicting, rowsExpected: 52_000 })).toBe("sentiment  1,234 of 52,000 rows (2 %)  411/s  queue 3  actors 1 of 2 busy  4 failed  2 min 5 s left");
    expect(line({ ...predicting, actors: 0, actorsBusy: 0, actorsLoading: 2 })).toMatch(/queue 3 +2 loading/);
    expect(line({ ...predicting, actors: 0, actorsBusy: 0 })).toMatch(/queue 3 +nobody at work yet/);
    expect(line({ ...predicting, actorsLoading: 1 })).toMatch(/actors 1 of 2 busy +1 loading/);
    expect(line({ ...predicting, byWorkers: true })).toMatch(/workers 1 of 2 busy/);
    expect(line({ ...predicting, byWorkers: true, actorsBusy: 0, actorsAtOtherJobs: 1 })).toMatch(/workers 0 of 2 busy, 1 at another job {2}/);
    expect(line({ ...predicting, byWorkers: true, actorsBusy: 0, actorsAtOtherJobs: 2 })).toMatch(/workers 0 of 2 busy, 2 at other jobs {2}/);
    const { actors: _actors, actorsBusy: _busy, etaMs: _eta, ...cutOff } = predicting;
    expect(line({ ...cutOff, byWorkers: true, reconnectMs: 6_800 })).toBe("sentiment  1,234 rows  411/s  queue 3  not connected, trying again in 7 s  4 failed");
    expect(line({ ...cutOff, byWorkers: true, reconnectMs: 0 })).toContain("not connected, trying again  4 failed");
  });

  test("rows count as soon as they are done, and those of an earlier run from the start", () => {
    const rows = (fields: Partial<Stage>): string => stageLine(stage({ ...predicting, ...fields })).split(/ {2,}/)[1] as string;
    expect(rows({ rowsOut: 32, rowsDone: 1234 })).toBe("1,234 rows");
    expect(rows({ rowsBefore: 22_000 })).toBe("23,234 rows (22,000 before)");
    expect(rows({ rowsBefore: 22_000, rowsExpected: 52_000 })).toBe("23,234 of 52,000 rows (44 %, 22,000 before)");
    expect(rows({ rowsExpected: 96_000, isEstimate: true })).toBe("1,234 of about 96,000 rows (1 %)");
    expect(rows({ rowsDone: 51_999, rowsExpected: 52_000 })).toBe("51,999 of 52,000 rows (99 %)");
    // More than was thought.
    expect(rows({ rowsExpected: 1000, isEstimate: true })).toBe("1,234 rows");
  });

  test("names stand in columns, and long ones are cut", () => {
    const [short, long] = [stageLine(stage()), stageLine(stage({ name: "x".repeat(90) }))];
    expect(short.indexOf("10 rows")).toBe(32);
    expect(long).toBe(`${"x".repeat(29)}…  10 rows  10/s`);
    const named = (name: string): string => stageLine(stage({ name })).split("  ")[0] as string;
    expect(named("read jsonl(/home/anna/films/reviews/2024.jsonl)")).toBe("read jsonl(…eviews/2024.jsonl)");
    expect(named("text-classification(sentiment)")).toBe("text-classification(sentiment)");
    expect(named("a-name-that-leaves-no-room-at-all(x/y.jsonl)")).toBe("a-name-that-leaves-no-room-at…");
  });

  test("in a narrow terminal names give way, so that no line breaks", () => {
    const stages = [stage({ name: "read jsonl(/home/anna/films/reviews/2024.jsonl)" }), stage({ ...predicting, name: "text-classification(sentiment)", rowsExpected: 30_000 })];
    const wide = stageLines(stages, 200);
    const most = Math.max(...wide.map((line) => line.length));
    const narrow = stageLines(stages, most - 10);
    expect(Math.max(...narrow.map((line) => line.length))).toBe(most - 10);
    expect(narrow.map((line) => line.slice(22))).toEqual(wide.map((line) => line.slice(32)));
    expect(narrow[0]).toMatch(/^read jsonl\(…\S*jsonl\) {2}10 rows/);
    expect(stageLines(stages, 10)[1]).toMatch(/^text-classi… {2}1,234 of/);
  });

  test("the run is told by its last stage with actors, whichever reports last", () => {
    const progress = startProgress();
    progress.take(stage(predicting));
    progress.take(stage({ stage: 2, name: "map" }));
    progress.take(stage({ elapsedMs: 3500 }));
    expect(progressLine(progress)).toMatch(/^4 s {2}sentiment {2}1,234 rows/);
  });
});

describe("a pipe", () => {
  test("gets a line every five seconds of the run, and notices at once", () => {
    const { stream, text } = fakeStream(false);
    const display = showProgress(stream);
    for (const elapsedMs of [1000, 4999]) display.onEvent(stage({ elapsedMs }));
    expect(text()).toBe("");
    display.onEvent({ kind: "notice", message: "2 of 20 actors fit: 2 CPUs." });
    expect(text()).toBe("note: 2 of 20 actors fit: 2 CPUs.\n");
    for (const elapsedMs of [5000, 5100, 9900, 10_000]) display.onEvent(stage({ elapsedMs }));
    display.stop();
    expect(text().split("\n").slice(1)).toEqual(["5 s  read a.jsonl  10 rows  10/s", "10 s  read a.jsonl  10 rows  10/s", ""]);
  });
});

describe("a terminal", () => {
  const ci = process.env["CI"];
  beforeEach(() => void delete process.env["CI"]);
  afterEach(() => {
    delete process.env["CI"];
    if (ci !== undefined) process.env["CI"] = ci;
  });

  test("keeps one line per stage up to date, and leaves the last state and every notice standing", () => {
    const { stream, text } = fakeStream(true);
    const display = showProgress(stream);
    display.onEvent(stage());
    display.onEvent(stage(predicting));
    display.onEvent({ kind: "actor-lost", stage: 1, name: "sentiment", actor: "sentiment#2", reason: "exit code 134", failure: "worker-lost" });
    display.onEvent(stage({ rowsOut: 20, rowsPerSecond: 7 }));
    display.stop();
    const screen = render(text());
    expect(screen).toEqual([
      "note: sentiment#2 was lost (exit code 134); its rows go to another actor",
      expect.stringMatching(/^read a\.jsonl +20 rows {2}7\/s$/) as string,
      expect.stringMatching(/^sentiment +1,234 rows {2}411\/s {2}queue 3/) as string,
    ]);
  });

  test("where CI is set it is written to as a pipe", () => {
    process.env["CI"] = "true";
    const { stream, text } = fakeStream(true);
    const display = showProgress(stream);
    display.onEvent(stage({ elapsedMs: 6000 }));
    expect(text()).toBe("6 s  read a.jsonl  10 rows  10/s\n");
  });
});

function fakeStream(isTTY: boolean): { readonly stream: WriteStream; readonly text: () => string } {
  let written = "";
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200, rows: 50 });
  stream.on("data", (chunk: Buffer) => (written += chunk.toString()));
  return { stream: stream as unknown as WriteStream, text: () => written };
}

/** What a terminal shows of it: the cursor moves that log-update makes, and nothing else. */
function render(text: string): string[] {
  const lines = [""];
  let row = 0;
  let column = 0;
  for (const [token] of text.replaceAll("\u001B[", "␛").matchAll(/␛\??[\d;]*[A-Za-z]|[^]/gu)) {
    const move = /^␛(\d*)([A-Z])$/.exec(token);
    if (token === "\n") {
      row += 1;
      column = 0;
    } else if (move?.[2] === "A") row = Math.max(0, row - Number(move[1] || 1));
    else if (move?.[2] === "B") row += Number(move[1] || 1);
    else if (move?.[2] === "G") column = Number(move[1] || 1) - 1;
    else if (move?.[2] === "E") [row, column] = [row + Number(move[1] || 1), 0];
    else if (move?.[2] === "K") lines[row] = "";
    else if (move?.[2] === "J") {
      lines[row] = (lines[row] ?? "").slice(0, column);
      lines.length = row + 1;
    } else if (!token.startsWith("␛")) {
      lines[row] = `${(lines[row] ?? "").slice(0, column)}${token}${(lines[row] ?? "").slice(column + 1)}`;
      column += 1;
    }
    while (lines.length <= row) lines.push("");
  }
  return lines.filter((line) => line !== "");
}
