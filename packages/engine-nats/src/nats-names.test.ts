import { expect, test } from "vitest";
import { NatsNames, token } from "./nats-names.ts";

test("any name is one token, and no two have the same", () => {
  const names = ["a", "A", "a.b", "a b", "ä", "", "*", ">", "x".repeat(64), "x".repeat(65), "=a", token("a.b")];
  const tokens = names.map(token);
  for (const each of tokens) expect(each).toMatch(/^[A-Za-z0-9_=-]{1,64}$/);
  expect(new Set(tokens).size).toBe(names.length);
  expect(token("segment-0_12")).toBe("segment-0_12");
});

test("a ledger's stream leads to the job's key", () => {
  const names = new NatsNames("my-shoal");
  expect(names.jobKeyOf(names.ledger("a job", 12))).toBe(names.jobKey("a job"));
});
