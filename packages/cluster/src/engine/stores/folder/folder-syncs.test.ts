import { expect, test } from "vitest";
import { localDisk } from "../../embedded/disk.ts";
import { FolderSyncs } from "./folder-syncs.ts";

function scripted(): { readonly syncs: FolderSyncs; readonly begun: string[]; readonly ends: ((error?: Error) => void)[] } {
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const syncFolder = (path: string): Promise<void> => {
    begun.push(path);
    return new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
  };
  return { syncs: new FolderSyncs({ ...localDisk, syncFolder }), begun, ends };
}

test("who asks while a sync is under way waits for the next one, which all of them share", async () => {
  const { syncs, begun, ends } = scripted();
  const settled: string[] = [];
  const [first, second, third] = ["first", "second", "third"].map((name) => syncs.sync("a").then(() => settled.push(name)));
  const other = syncs.sync("b");
  expect(begun).toEqual(["a", "b"]);
  ends[0]?.();
  await first;
  expect(settled).toEqual(["first"]);
  await expect.poll(() => begun).toEqual(["a", "b", "a"]);
  ends[2]?.();
  await Promise.all([second, third]);
  ends[1]?.();
  await other;
  expect(begun).toHaveLength(3);
});

test("a sync that fails does so for those who waited for it; the next one is tried", async () => {
  const { syncs, begun, ends } = scripted();
  const first = syncs.sync("a");
  const second = syncs.sync("a");
  ends[0]?.(new Error("The disk is gone."));
  await expect(first).rejects.toThrow("gone");
  await expect.poll(() => begun).toHaveLength(2);
  ends[1]?.();
  await second;
  const third = syncs.sync("a");
  ends[2]?.();
  await third;
});
