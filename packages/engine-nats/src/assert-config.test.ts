import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { assertConfig, configDifference } from "./assert-config.ts";

test("what was asked for has to be there; what was not may be there too", () => {
  expect(configDifference({ a: 1, subjects: ["x"], metadata: { job: "j" } }, { a: 1, b: 2, subjects: ["x"], metadata: { job: "j", _server: "2" } })).toBeUndefined();
  expect(configDifference({ a: 0, b: false, c: "" }, {})).toBeUndefined();
  expect(configDifference({ a: 1, ttl: true }, { a: 1 })).toEqual({ field: "ttl", asked: true, got: undefined });
  expect(configDifference({ subjects: ["x"] }, { subjects: ["x", "y"] })).toEqual({ field: "subjects", asked: ["x"], got: ["x", "y"] });
  expect(configDifference({ metadata: { job: "j" } }, {})).toEqual({ field: "metadata.job", asked: "j", got: undefined });
});

test("the error names the field, what was asked, and what they have", () => {
  expect(() => assertConfig("the stream s", { num_replicas: 3 }, { num_replicas: 1 })).toThrow(expect.toSatisfy((error) =>
    ShoalError.is(error, "engine-config") && error.message.startsWith("NATS keeps the stream s with num_replicas 1, where 3 was asked for.")));
});
