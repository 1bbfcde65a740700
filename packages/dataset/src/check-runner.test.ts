import { expect, test } from "vitest";
import type { RemoteRunner } from "@shoal/executor";
import { checkRunner } from "./check-runner.ts";

const runner = { name: "desk", openJob: async () => Promise.reject(new Error("never")) } satisfies RemoteRunner;

test("what is no runner is named, with what to give instead, and a link is not shown", () => {
  const wrong = (on: unknown) => expect(() => checkRunner(on as RemoteRunner));
  for (const link of ["http://desk:7171/#secret", new URL("http://desk:7171/#secret")]) {
    wrong(link).toThrow(expect.objectContaining({ code: "bad-option", failure: "bug", message: expect.stringMatching(/^on: a (string|URL), as a link is, is no coordinator that a run can go to\.\n {2}→ A link goes through connect\(\): \{ on: await connect\(link\) \}\.$/) as string }));
  }
  wrong({ cluster: runner, coordinator: {} }).toThrow("on: what share() gives is no coordinator that a run can go to.\n  → Give its cluster: { on: shared.cluster }.");
  wrong(Promise.resolve(runner)).toThrow("→ Wait for it: { on: await connect(link) }");
  wrong({ gateway: {}, link: async () => "" }).toThrow("a coordinator that was started here");
  for (const [on, given] of [[null, "null"], [7, "a number"], [{}, "an object without openJob()"], [true, "a boolean"]] as const) wrong(on).toThrow(`on: ${given} is no`);
  checkRunner(undefined);
  checkRunner(runner);
});
