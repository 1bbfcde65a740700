import { expect, test } from "vitest";
import { fedMemory } from "./fed-memory.ts";

const run = (megabytes: number) => ({
  id: 1,
  operation: { kind: "run", session: 1, keep: [], lastPosition: [], feeds: { x: { type: "uint8", shape: [megabytes * 2 ** 20], data: new Uint8Array(megabytes * 2 ** 20) }, past: { resident: 1, shape: [1] } } },
}) as const;

test("is collected whenever so much was fed, after the run that reads it", () => {
  let collected = 0;
  const fed = fedMemory(() => collected++);
  const counts = [3, 4, 2, 7, 1].map((megabytes) => {
    fed.came(run(megabytes));
    const before = collected;
    fed.done();
    return [before, collected];
  });
  expect(counts).toEqual([[0, 0], [0, 0], [0, 1], [1, 1], [1, 2]]);
  fed.came({ id: 2, operation: { kind: "release", session: 1 } });
  fed.done();
  expect(collected).toBe(2);
});

test("counts what is left of outputs as well", () => {
  let collected = 0;
  const fed = fedMemory(() => collected++);
  const counts = [3, 4, 2].map((megabytes) => {
    fed.came(run(1));
    fed.done(megabytes * 2 ** 20);
    return collected;
  });
  expect(counts).toEqual([0, 1, 1]);
});

test("runs where the runtime does as it is told, and where it does not", () => {
  const fed = fedMemory();
  fed.came(run(9));
  expect(() => fed.done()).not.toThrow();
});
