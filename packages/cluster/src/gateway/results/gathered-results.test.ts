import { expect, test } from "vitest";
import { memoryEngine, sha256Of, type BlobStore } from "../../engine/index.ts";
import { GatheredResults } from "./gathered-results.ts";
import { ReadResults } from "./read-results.ts";

/** A store in memory that stores when it is told to. */
function slowStore(): { readonly blobs: BlobStore; readonly asked: string[]; readonly reads: string[]; readonly go: (error?: Error) => void } {
  const { blobs } = memoryEngine();
  const [asked, reads, waiting]: [string[], string[], ((error?: Error) => void)[]] = [[], [], []];
  return {
    asked, reads,
    go: (error) => waiting.shift()?.(error),
    blobs: {
      ...blobs,
      put: (sha256, bytes) => {
        asked.push(sha256);
        return new Promise((resolve, reject) => waiting.push((error) => (error === undefined ? resolve(blobs.put(sha256, bytes)) : reject(error))));
      },
      add: undefined as never,
      get: (sha256) => {
        reads.push(sha256);
        return blobs.get(sha256);
      },
    },
  };
}

async function results(count: number, length = 10): Promise<{ readonly sha256: string; readonly bytes: Uint8Array<ArrayBuffer> }[]> {
  return Promise.all(Array.from({ length: count }, async (_, at) => {
    const bytes = new Uint8Array(length).fill(at + 1);
    return { sha256: await sha256Of(bytes), bytes };
  }));
}

test("what comes while another is stored goes together, and each is read back as it was", async () => {
  const { blobs, asked, reads, go } = slowStore();
  const gathered = new GatheredResults(blobs);
  const [first, ...others] = await results(6);
  const alone = gathered.store("j", first!.sha256, first!.bytes);
  await expect.poll(() => asked).toEqual([first!.sha256]);
  const together = others.map(({ sha256, bytes }) => gathered.store("j", sha256, bytes));
  const another = gathered.store("k", others[0]!.sha256, others[0]!.bytes);
  await expect.poll(() => asked).toEqual([first!.sha256, others[0]!.sha256]);
  go();
  expect(await alone).toBeUndefined();
  await expect.poll(() => asked.length).toBe(3);
  go();
  go();
  expect(await another).toBeUndefined();
  const parts = await Promise.all(together);
  expect(new Set(parts.map((part) => part?.blob))).toEqual(new Set([asked[2]]));
  const read = new ReadResults(blobs);
  for (const [at, { sha256, bytes }] of others.entries()) expect(await read.read({ sha256, within: parts[at] })).toEqual(bytes);
  expect(await read.read({ sha256: first!.sha256 })).toEqual(first!.bytes);
  expect(reads).toEqual([asked[2], first!.sha256]);
  await expect(read.read({ sha256: first!.sha256, within: parts[0] })).rejects.toMatchObject({ code: "blob-damaged" });
});

test("a store that refuses several refuses each of them, and takes what comes after", async () => {
  const { blobs, asked, go } = slowStore();
  const gathered = new GatheredResults(blobs);
  const [one, two, three] = await results(3);
  const refused = [one, two].map((each) => gathered.store("j", each!.sha256, each!.bytes).catch((error: unknown) => (error as Error).message));
  await expect.poll(() => asked.length).toBe(1);
  const after = gathered.store("j", three!.sha256, three!.bytes);
  go(new Error("The disk is full."));
  expect(await Promise.all(refused)).toEqual(["The disk is full.", "The disk is full."]);
  await expect.poll(() => asked.length).toBe(2);
  go();
  expect(await after).toBeUndefined();
});

test("large ones lie alone, and what lies together is no larger than is read at once", async () => {
  const { blobs } = memoryEngine();
  const gathered = new GatheredResults(blobs);
  const [large] = await results(1, 20_000);
  const many = await results(60, 15_000);
  const parts = await Promise.all([large!, ...many].map(({ sha256, bytes }) => gathered.store("j", sha256, bytes)));
  expect(parts[0]).toBeUndefined();
  const sizes = await Promise.all([...new Set(parts.slice(1).map((part) => part?.blob as string))].map((blob) => blobs.size(blob)));
  expect(sizes.length).toBeGreaterThan(3);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(256 << 10);
});
