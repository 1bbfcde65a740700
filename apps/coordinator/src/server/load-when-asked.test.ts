import { expect, test } from "vitest";
import { loadWhenAsked } from "./load-when-asked.ts";

const never = (): never => {
  throw new Error("It was loaded.");
};

test("nothing is loaded before somebody asks, once for all who do, who are served in their order and at once where it is there", async () => {
  let resolve: (library: string) => void = never;
  const promise = new Promise<string>((done) => (resolve = done));
  let loads = 0;
  const seen: string[] = [];
  const withLibrary = loadWhenAsked(() => {
    loads++;
    return promise;
  });
  expect(loads).toBe(0);
  for (const name of ["a", "b"]) withLibrary((library) => seen.push(`${name} ${library}`), never);
  expect([loads, seen]).toEqual([1, []]);
  resolve("ws");
  await promise;
  await new Promise((done) => setImmediate(done));
  withLibrary((library) => seen.push(`c ${library}`), never);
  expect([loads, seen]).toEqual([1, ["a ws", "b ws", "c ws"]]);
});

test("all who waited hear why it could not be loaded, and the next one tries again", async () => {
  const loads = [Promise.reject(new Error("too many open files")), Promise.resolve("ws")];
  const heard: unknown[] = [];
  const withLibrary = loadWhenAsked(() => loads.shift() as Promise<string>);
  const ask = () => new Promise<void>((done) => withLibrary((library) => done(void heard.push(library)), (error) => done(void heard.push((error as Error).message))));
  await Promise.all([ask(), ask()]);
  await ask();
  expect(heard).toEqual(["too many open files", "too many open files", "ws"]);
});
