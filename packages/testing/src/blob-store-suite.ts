import { sha256Of, type BlobStore } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { seededRandom } from "./seeded-random.ts";

/** A store of blobs with nothing in it. */
export interface BlobStoreFixture {
  readonly blobs: BlobStore;
  /** The same place by another process, or by what would be one; absent where a place is one process's own. */
  readonly other?: BlobStore;
  /** The same place by a store opened anew, after the process of the first one ended; absent when it ends with it. */
  readonly reopen?: () => Promise<BlobStore>;
  /** Changes a byte of a blob where it lies, behind its 700th. */
  readonly damageBlob?: (sha256: string) => Promise<void>;
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

export interface BlobStoreCapabilities {
  /** An age that the store can tell from half of it more. Default 1,000. */
  readonly graceMs?: number;
}

/** What every BlobStore must do. @param open Called for each test. */
export function testBlobStore(name: string, open: () => Promise<BlobStoreFixture> | BlobStoreFixture, { graceMs = 1000 }: BlobStoreCapabilities = {}): void {
  const withFixture = (check: (fixture: BlobStoreFixture) => Promise<void>) => async (): Promise<void> => {
    const fixture = await open();
    try {
      await check(fixture);
    } finally {
      await fixture[Symbol.asyncDispose]?.();
    }
  };

  describe(`${name}: blobs`, () => {
    const random = seededRandom(3);
    const someBytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, () => random.between(0, 255));
    const someBlob = async (length: number): Promise<{ readonly sha256: string; readonly bytes: Uint8Array<ArrayBuffer> }> => {
      const bytes = someBytes(length);
      return { sha256: await sha256Of(bytes), bytes };
    };

    test("bytes are there under their SHA-256, once, whole or in part", withFixture(async ({ blobs }) => {
      for (const length of [0, 1, 100_000]) {
        const { sha256, bytes } = await someBlob(length);
        expect(await blobs.size(sha256)).toBeUndefined();
        expect((await Promise.all([blobs.put(sha256, bytes), blobs.put(sha256, bytes)])).sort()).toEqual(["stored", "there"]);
        expect(await blobs.put(sha256, bytes)).toBe("there");
        expect(await blobs.size(sha256)).toBe(length);
        expect(await blobs.get(sha256)).toEqual(bytes);
        expect(await blobs.get(sha256, { start: 10, length: 50 })).toEqual(bytes.slice(10, 60));
        expect(await blobs.get(sha256, { start: 99_990, length: 50 })).toEqual(bytes.slice(99_990));
      }
    }));

    test("bytes may be stored under a name that is known to be theirs", withFixture(async ({ blobs }) => {
      if (blobs.add === undefined) return;
      const { sha256, bytes } = await someBlob(1000);
      await Promise.all([blobs.add(sha256, bytes), blobs.add(sha256, bytes.slice())]);
      await blobs.add(sha256, bytes);
      expect(await blobs.put(sha256, bytes)).toBe("there");
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));

    test("what is released as often as it was put is gone at once, and may be put again", withFixture(async ({ blobs }) => {
      if (blobs.release === undefined) return;
      const [one, other] = [await someBlob(10), await someBlob(20)];
      await blobs.put(one.sha256, one.bytes);
      await blobs.add?.(one.sha256, one.bytes);
      await blobs.put(one.sha256, one.bytes);
      await blobs.put(other.sha256, other.bytes);
      blobs.release(one.sha256);
      if (blobs.add !== undefined) blobs.release(one.sha256);
      expect(await blobs.get(one.sha256)).toEqual(one.bytes);
      blobs.release(one.sha256);
      expect(await blobs.size(one.sha256)).toBeUndefined();
      await expect(blobs.get(one.sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
      blobs.release(one.sha256);
      expect(await blobs.put(one.sha256, one.bytes)).toBe("stored");
      expect(await blobs.get(one.sha256)).toEqual(one.bytes);
      expect(await blobs.get(other.sha256)).toEqual(other.bytes);
    }));

    test("a store whose blobs are released takes any name that no others have", withFixture(async ({ blobs }) => {
      if (blobs.release === undefined) return;
      const [one, other] = [someBytes(100), someBytes(200)];
      await blobs.add?.("7.1", one);
      await blobs.add?.("7.2", other);
      expect(await Promise.all(["7.1", "7.2", "7.3"].map((name) => blobs.size(name)))).toEqual([100, 200, undefined]);
      expect(await blobs.get("7.1")).toEqual(one);
      expect(await blobs.get("7.2", { start: 150, length: 100 })).toEqual(other.slice(150));
      blobs.release("7.1");
      expect(await blobs.size("7.1")).toBeUndefined();
      await expect(blobs.get("7.1")).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
      expect(await blobs.get("7.2")).toEqual(other);
    }));

    test("what is changed after it was given is stored as it was", withFixture(async ({ blobs }) => {
      const { sha256, bytes } = await someBlob(50_000);
      const given = bytes.slice();
      const stored = blobs.put(sha256, given);
      given.fill(0);
      await stored;
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));

    test("bytes under another name are refused, and what is not there is an error", withFixture(async ({ blobs }) => {
      const bytes = someBytes(100);
      const other = await sha256Of(someBytes(100));
      await expect(blobs.put(other, bytes)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-mismatch"));
      await expect(blobs.put("../../escaped", bytes)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-mismatch"));
      for (const sha256 of [other, "../../escaped"]) {
        await expect(blobs.get(sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
        expect(await blobs.size(sha256)).toBeUndefined();
      }
    }));

    test("what nothing refers to is collected once its time is over; what was put again is as good as new", withFixture(async ({ blobs }) => {
      const [kept, loose, again] = [await someBlob(10), await someBlob(20), await someBlob(30)];
      for (const { sha256, bytes } of [kept, loose, again]) await blobs.put(sha256, bytes);
      await blobs.collect(() => false, 60_000);
      expect(await blobs.size(loose.sha256)).toBe(20);
      await pause(1.5 * graceMs);
      await blobs.put(again.sha256, again.bytes);
      expect(await blobs.collect((sha256) => sha256 === kept.sha256, graceMs)).toEqual({ removed: 1, bytes: 20 });
      expect(await blobs.size(loose.sha256)).toBeUndefined();
      expect(await blobs.get(kept.sha256)).toEqual(kept.bytes);
      expect(await blobs.get(again.sha256)).toEqual(again.bytes);
      expect(await blobs.put(loose.sha256, loose.bytes)).toBe("stored");
    }));

    test("they outlive their process, and damaged bytes are never given out", withFixture(async ({ blobs: first, reopen, damageBlob }) => {
      if (reopen === undefined) return;
      const { sha256, bytes } = await someBlob(5000);
      await first.put(sha256, bytes);
      const blobs = await reopen();
      expect(await blobs.get(sha256, { start: 0, length: 10 })).toEqual(bytes.slice(0, 10));
      if (damageBlob === undefined) return;
      await damageBlob(sha256);
      await expect(blobs.get(sha256, { start: 0, length: 10 })).rejects.toSatisfy((error) => ShoalError.is(error, "blob-damaged"));
      await expect(blobs.get(sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
      expect(await blobs.size(sha256)).toBeUndefined();
      expect(await blobs.put(sha256, bytes)).toBe("stored");
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));

    test("what one process stores all of them have, at once", withFixture(async ({ blobs, other }) => {
      if (other === undefined) return;
      for (const length of [0, 3000]) {
        const { sha256, bytes } = await someBlob(length);
        await blobs.put(sha256, bytes);
        expect(await other.size(sha256)).toBe(length);
        expect(await other.get(sha256)).toEqual(bytes);
        expect(await other.put(sha256, bytes)).toBe("there");
      }
      const raced = await someBlob(200_000);
      await Promise.all([blobs, other, blobs, other].map((each) => each.put(raced.sha256, raced.bytes)));
      expect(await other.get(raced.sha256, { start: 199_990, length: 100 })).toEqual(raced.bytes.slice(199_990));
      expect(await blobs.put(raced.sha256, raced.bytes)).toBe("there");
    }));

    test("what one process put again no other collects, and what one collects is gone for all", withFixture(async ({ blobs, other }) => {
      if (other === undefined) return;
      const [loose, again] = [await someBlob(20), await someBlob(30)];
      for (const { sha256, bytes } of [loose, again]) await blobs.put(sha256, bytes);
      await pause(1.5 * graceMs);
      await blobs.put(again.sha256, again.bytes);
      expect(await other.collect(() => false, graceMs)).toEqual({ removed: 1, bytes: 20 });
      await expect(blobs.get(loose.sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
      expect(await blobs.get(again.sha256)).toEqual(again.bytes);
      expect(await blobs.put(loose.sha256, loose.bytes)).toBe("stored");
      expect(await other.get(loose.sha256)).toEqual(loose.bytes);
    }));

    test("bytes that were damaged for one process are made good by another that has them", withFixture(async ({ blobs, other, damageBlob }) => {
      if (other === undefined || damageBlob === undefined) return;
      const { sha256, bytes } = await someBlob(5000);
      await blobs.put(sha256, bytes);
      await damageBlob(sha256);
      // It has not read them, and does not take them for there on trust.
      await other.put(sha256, bytes);
      expect(await other.get(sha256)).toEqual(bytes);
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
