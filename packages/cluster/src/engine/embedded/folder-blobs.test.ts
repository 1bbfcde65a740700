import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256Of } from "../blob-bytes.ts";
import { localDisk } from "./disk.ts";
import { FolderBlobs } from "./folder-blobs.ts";

let folder: string;
let opened: FolderBlobs[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-blobs-"));
  opened = [];
});
afterEach(async () => {
  for (const blobs of opened) await blobs.close();
  await rm(folder, { recursive: true });
});

async function open(): Promise<FolderBlobs> {
  const blobs = await FolderBlobs.open(folder, localDisk);
  opened.push(blobs);
  return blobs;
}

async function some(count: number, bytes: number): Promise<readonly (readonly [string, Uint8Array<ArrayBuffer>])[]> {
  return Promise.all(Array.from({ length: count }, async (_, at) => {
    const blob = new Uint8Array(bytes).fill(at % 251);
    new DataView(blob.buffer).setUint32(0, at);
    return [await sha256Of(blob), blob] as const;
  }));
}

async function storedBytes(): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("many that are put at once share a pack, and are found again by whoever opens the folder", async () => {
  const blobs = await open();
  const all = [...(await some(500, 300)), ...(await some(3, 200_000))];
  expect(new Set(await Promise.all(all.map(([sha256, bytes]) => blobs.put(sha256, bytes))))).toEqual(new Set(["stored"]));
  expect(await readdir(folder)).toEqual(["pack-00000001.blobs"]);
  await blobs.close();
  const again = await open();
  await Promise.all(all.map(async ([sha256, bytes]) => expect(Buffer.from(await again.get(sha256)).equals(bytes)).toBe(true)));
  expect(await again.put(...(all[7] as (typeof all)[number]))).toBe("there");
});

test("a pack of which little is wanted is written anew; what is wanted of it stays, for who opens the folder next too", async () => {
  const blobs = await open();
  const all = await some(100, 1000);
  for (const [sha256, bytes] of all) await blobs.put(sha256, bytes);
  const kept = new Set(all.slice(0, 10).map(([sha256]) => sha256));
  expect(await blobs.collect((sha256) => kept.has(sha256), -1000)).toEqual({ removed: 90, bytes: 90_000 });
  expect(await storedBytes()).toBeLessThan(12_000);
  await blobs.close();
  const again = await open();
  for (const [sha256, bytes] of all.slice(0, 10)) expect(await again.get(sha256)).toEqual(bytes);
  for (const [sha256] of all.slice(10)) expect(await again.size(sha256)).toBeUndefined();
});

test("what is put while others are collected is kept, wherever it is moved", async () => {
  const blobs = await open();
  const [all, loose] = [await some(80, 500), await some(80, 501)];
  const kept = new Set(all.map(([sha256]) => sha256));
  let put = 0;
  const putting = (async () => {
    for (const [at, blob] of all.entries()) {
      await Promise.all([blobs.put(...blob), blobs.put(...(loose[at] as (typeof loose)[number]))]);
      // Of what may have been moved meanwhile.
      if (at % 7 === 0) await blobs.put(...(all[Math.floor(at / 2)] as (typeof all)[number]));
      put++;
    }
  })();
  let removed = 0;
  // As old as can be, all of it: only what is wanted stays.
  while (put < all.length) removed += (await blobs.collect((sha256) => kept.has(sha256), -1_000)).removed;
  await putting;
  removed += (await blobs.collect((sha256) => kept.has(sha256), -1_000)).removed;
  expect(removed).toBe(loose.length);
  // At least half of each pack is wanted.
  expect(await storedBytes()).toBeLessThan(2.5 * 80 * 500);
  await Promise.all(all.map(async ([sha256, bytes]) => expect(await blobs.get(sha256)).toEqual(bytes)));
  await blobs.close();
  const again = await open();
  await Promise.all(all.map(async ([sha256, bytes]) => expect(await again.get(sha256)).toEqual(bytes)));
});

test("age is told by the date that it is given, from when a blob was put last", async () => {
  let now = Date.now();
  const blobs = await FolderBlobs.open(folder, localDisk, () => now);
  opened.push(blobs);
  const [old, renewed] = (await some(2, 500)) as [readonly [string, Uint8Array<ArrayBuffer>], readonly [string, Uint8Array<ArrayBuffer>]];
  for (const blob of [old, renewed]) await blobs.put(...blob);
  now += 50_000;
  await blobs.put(...renewed);
  now += 50_000;
  expect(await blobs.collect(() => false, 60_000)).toEqual({ removed: 1, bytes: 500 });
  expect([await blobs.size(old[0]), await blobs.size(renewed[0])]).toEqual([undefined, 500]);
});

test("cut off anywhere, a pack gives every blob that is whole, and no other", async () => {
  const blobs = await open();
  const all = await some(4, 100);
  for (const [sha256, bytes] of all) await blobs.put(sha256, bytes);
  await blobs.close();
  const path = join(folder, "pack-00000001.blobs");
  const whole = await readFile(path);
  const each = whole.byteLength / all.length;
  for (let length = whole.byteLength; length >= 0; length -= 7) {
    await truncate(path, length);
    const found = await FolderBlobs.open(folder, localDisk);
    for (const [at, [sha256]] of all.entries()) expect((await found.size(sha256)) !== undefined, `${at} of ${length} bytes`).toBe((at + 1) * each <= length);
    await found.close();
  }
});

test("a header that has changed costs its own blob, and a blob that has changed may be put again", async () => {
  const blobs = await open();
  const all = await some(4, 3_000_000);
  for (const [sha256, bytes] of all) await blobs.put(sha256, bytes);
  await blobs.close();
  const path = join(folder, "pack-00000001.blobs");
  const bytes = await readFile(path);
  const each = bytes.byteLength / all.length;
  bytes[each + 10] = (bytes[each + 10] as number) ^ 1;
  bytes[3 * each + 1_000_000] = (bytes[3 * each + 1_000_000] as number) ^ 1;
  await writeFile(path, bytes);
  const again = await open();
  const [first, second, third, fourth] = all as [(typeof all)[number], (typeof all)[number], (typeof all)[number], (typeof all)[number]];
  for (const [sha256, blob] of [first, third]) expect(Buffer.from(await again.get(sha256)).equals(blob)).toBe(true);
  await expect(again.get(second[0])).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
  // Nobody has read it yet: it is not taken for there.
  expect(await again.put(...fourth)).toBe("stored");
  expect(Buffer.from(await again.get(fourth[0])).equals(fourth[1])).toBe(true);
});
