import { expect, test } from "vitest";
import { stackFrames, thrownAt } from "./stack-frames.ts";

const ownUrl = new URL("./load-predictor.ts", import.meta.url);
const own = ownUrl.protocol === "file:" ? decodeURIComponent(ownUrl.pathname) : ownUrl.href;

test("the latest frame that is the user's, past libraries and what the runtime does", () => {
  const stack = [
    "TypeError: x is not a function", "    at JSON.parse (<anonymous>)", "    at node:internal/util:1:2", "    at parse (/app/node_modules/left-pad/index.js:1:1)",
    "    at Object.predict (file:///app/my%20jobs/score.ts:12:9)", "    at async helper (/app/helper.ts:3:4)", `    at predict (${own}:5:6)`,
  ];
  expect(thrownAt(stack.join("\n"))).toBe("/app/my jobs/score.ts:12:9");
  expect(stackFrames(stack.join("\n")).map(({ owner }) => owner)).toEqual(["library", "user", "user", "shoal"]);
});

test("what we throw has no place in the user's code, nor has what was only waited for there", () => {
  expect(thrownAt(`ShoalError: no\n    at check (${ownUrl.href}:1:2)\n    at async file:///app/job.ts:30:1`)).toBeUndefined();
  expect(thrownAt("Error: no\n    at f (/app/node_modules/@shoal/core/dist/bundle/index.js:1:2)\n    at /app/job.ts:3:4")).toBeUndefined();
  expect(thrownAt("just words\n at: /app/job.ts:3:4")).toBeUndefined();
  expect(thrownAt(undefined)).toBeUndefined();
});

test("stacks of other engines and systems", () => {
  expect(thrownAt("predict@http://localhost:5173/score.ts:12:9\n@http://localhost:5173/main.ts:1:1")).toBe("http://localhost:5173/score.ts:12:9");
  expect(thrownAt("Error: no\n    at f (file:///C:/jobs/score.ts:1:2)")).toBe("C:/jobs/score.ts:1:2");
  expect(thrownAt("Error: no\n    at C:\\jobs\\score.ts:1:2")).toBe("C:\\jobs\\score.ts:1:2");
});
