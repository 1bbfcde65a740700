import { expect, test } from "vitest";
import { ManyMachines } from "./many-machines.ts";

const silent = { links: () => {}, note: () => {} };

test("what the flags say of a job reaches its runs, and what they don't say stays as it is by default", () => {
  expect(ManyMachines.of({ share: true, priority: -1, note: "Reviews.", volunteers: true }, silent)?.settings("reviews")).toMatchObject({ name: "reviews", note: "Reviews.", priority: -1, volunteers: true });
  const plain = ManyMachines.of({ share: true, name: "films" }, silent)?.settings("reviews");
  expect(plain).toMatchObject({ name: "films", volunteers: false });
  expect(plain).not.toHaveProperty("priority");
  expect(ManyMachines.of({}, silent)).toBeUndefined();
});
