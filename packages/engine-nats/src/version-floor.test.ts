import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { checkVersion, isAtLeast, versionFloor } from "./version-floor.ts";

test("versions are compared by number, and what comes before a release is older than it", () => {
  for (const version of ["2.15.1", "2.15.2", "2.16.0", "3.0.0", "v2.15.10", "2.16.0-beta.1"]) expect([version, isAtLeast(version, "2.15.1")]).toEqual([version, true]);
  for (const version of ["2.15.0", "2.9.10", "1.99.99", "2.15.1-RC.1", "0"]) expect([version, isAtLeast(version, "2.15.1")]).toEqual([version, false]);
});

test("an old server is refused, unless asked for", () => {
  expect(() => checkVersion(versionFloor, false)).not.toThrow();
  expect(() => checkVersion("2.9.10", true)).not.toThrow();
  expect(() => checkVersion("2.9.10", false)).toThrow(expect.toSatisfy((error) => ShoalError.is(error, "engine-too-old")));
});
