import { expect, test } from "vitest";
import { filesToRemove, type KeptFile } from "./prune-files.ts";

const hourMs = 3_600_000;
const now = 1_000 * hourMs;
const limits = { mostBytes: 100, unusedMs: 100 * hourMs };
const file = (sha256: string, bytes: number, hoursAgo: number): KeptFile => ({ sha256, bytes, usedAt: now - hoursAgo * hourMs });

test("where there is room, a file goes when nobody asked for it in long", () => {
  expect(filesToRemove([file("old", 10, 101), file("new", 10, 99)], () => false, now, limits)).toEqual(["old"]);
});

test("where there is too little, those go that were used longest ago, and no more of them than must", () => {
  const files = [file("c", 50, 2), file("a", 50, 4), file("b", 50, 3)];
  expect(filesToRemove(files, () => false, now, limits)).toEqual(["a"]);
  expect(filesToRemove([...files, file("d", 1, 1)], () => false, now, limits)).toEqual(["a", "b"]);
});

test("what a job needs stays, and what somebody asked for a moment ago", () => {
  expect(filesToRemove([file("needed", 500, 200), file("fresh", 500, 0.5), file("rest", 10, 2)], (sha256) => sha256 === "needed", now, limits)).toEqual(["rest"]);
});
