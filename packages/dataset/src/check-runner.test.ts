import { expect, test } from "vitest";
import type { RemoteRunner } from "@shoal/executor";
import { checkRunner } from "./check-runner.ts";

const runner = { name: "desk", openJob: async () => Promise.reject(new Error("never")) } satisfies RemoteRunner;

test("what is no runner is named, with what to give instead, and a link is not shown", () => {
  const given = (on: unknown) => () => checkRunner(on as RemoteRunner);
  for (const link of ["http://desk:7171/#secret", new URL("http://desk:7171/#secret")]) {
    expect(given(link)).toThrow(expect.objectContaining({ code: "bad-option", failure: "bug", message: expect.stringMatching(/^on: a (string|URL), as a link is, is no coordinator that a run can go to\.\n {2}→ A link goes through connect\(\): \{ on: await connect\(link\) \}\.$/) as string }));
  }
  expect(given({ cluster: runner, coordinator: {} })).toThrow("on: what share() gives is no coordinator that a run can go to.\n  → Give its cluster: { on: shared.cluster }.");
  expect(given(Promise.resolve(runner))).toThrow("→ Wait for it: { on: await connect(link) }");
  expect(given({ gateway: {}, link: async () => "" })).toThrow("a coordinator that was started here");
  for (const [on, name] of [[null, "null"], [7, "a number"], [{}, "an object without openJob()"], [true, "a boolean"]] as const) expect(given(on)).toThrow(`on: ${name} is no`);
  checkRunner(undefined);
  checkRunner(runner);
});
