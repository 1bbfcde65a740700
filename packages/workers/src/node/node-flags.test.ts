import { expect, test } from "vitest";
import { nodeFlags } from "./node-flags.ts";

const source = "--conditions=@shoal/source";

test("an actor loads modules as its parent does, and nothing else of it", () => {
  const parent = ["--inspect-brk=9229", "--conditions=mine", "-C", "other", "--import", "./hooks.mjs", "--test", "--eval", "1", "--max-old-space-size=8192"];
  expect(nodeFlags([], [], parent).slice(0, 6)).toEqual(["--conditions=mine", "-C", "other", "--import", "./hooks.mjs", "--max-old-space-size=8192"]);
});

test("loads TypeScript once", () => {
  const [loader, maps] = nodeFlags(["file:///job.ts"], [], [source]).slice(1) as [string, string];
  expect(loader).toMatch(/^--import=file:.*\/workers\/ts-loader\/register\.mjs$/);
  expect(maps).toBe("--enable-source-maps");
  expect(nodeFlags(["file:///job.mts?v=2"], [], [source, "--import", "@shoal/workers/ts-loader"])).toEqual([source, "--import", "@shoal/workers/ts-loader"]);
});

test("the caller's own flags come last", () => {
  expect(nodeFlags([], ["--expose-gc"], []).at(-1)).toBe("--expose-gc");
});
