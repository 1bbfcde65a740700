import { expect, test } from "vitest";
import { commandName } from "./command-name.ts";

test("the command is printed as it was called", () => {
  expect(commandName({ npm_command: "run", npm_lifecycle_event: "shoal" }, {})).toBe("npm run shoal --");
  expect(commandName({ npm_command: "run-script", npm_lifecycle_event: "shoal" }, {})).toBe("npm run shoal --");
  expect(commandName({ npm_command: "exec", npm_lifecycle_event: "npx" }, {})).toBe("npx shoal");
  expect(commandName({ npm_command: "run", npm_lifecycle_event: "night" }, {})).toBe("npx shoal");
  expect(commandName({}, {})).toBe("shoal");
  expect(commandName({}, { bun: "1.3.0" })).toBe("bunx --bun shoal");
  expect(commandName({}, { deno: "2.5.0" })).toBe("deno run -A npm:shoal");
});
