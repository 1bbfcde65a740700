import { sha256Of } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { pause, type EngineSuite } from "./engine-fixture.ts";

export function testBlobs({ name, withFixture }: EngineSuite): void {
  describe(`engine ${name}: blobs`, () => {
    const random = seededRandom(3);
    const someBytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, () => random.between(0, 255));

    test("bytes are there under their SHA-256, once, whole or in part", withFixture(async ({ engine: { blobs } }) => {
      for (const length of [0, 1, 100_000]) {
        const bytes = someBytes(length);
        const sha256 = await sha256Of(bytes);
        expect(await blobs.size(sha256)).toBeUndefined();
        expect((await Promise.all([blobs.put(sha256, bytes), blobs.put(sha256, bytes)])).sort()).toEqual(["stored", "there"]);
        expect(await blobs.put(sha256, bytes)).toBe("there");
        expect(await blobs.size(sha256)).toBe(length);
        expect(await blobs.get(sha256)).toEqual(bytes);
        expect(await blobs.get(sha256, { start: 10, length: 50 })).toEqual(bytes.slice(10, 60));
        expect(await blobs.get(sha256, { start: 99_990, length: 50 })).toEqual(bytes.slice(99_990));
      }
    }));

    test("bytes may be stored under a name that is known to be theirs", withFixture(async ({ engine: { blobs } }) => {
      if (blobs.add === undefined) return;
      const bytes = someBytes(1000);
      const sha256 = await sha256Of(bytes);
      await Promise.all([blobs.add(sha256, bytes), blobs.add(sha256, bytes.slice())]);
      await blobs.add(sha256, bytes);
      expect(await blobs.put(sha256, bytes)).toBe("there");
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));

    test("bytes under another name are refused, and what is not there is an error", withFixture(async ({ engine: { blobs } }) => {
      const bytes = someBytes(100);
      const other = await sha256Of(someBytes(100));
      await expect(blobs.put(other, bytes)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-mismatch"));
      await expect(blobs.put("../../escaped", bytes)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-mismatch"));
      for (const sha256 of [other, "../../escaped"]) {
        await expect(blobs.get(sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
        expect(await blobs.size(sha256)).toBeUndefined();
      }
    }));

    test("what nothing refers to is collected once its time is over; what was put again is as good as new", withFixture(async ({ engine: { blobs } }) => {
      const [kept, loose, again] = await Promise.all([someBytes(10), someBytes(20), someBytes(30)].map(async (bytes) => ({ sha256: await sha256Of(bytes), bytes })));
      for (const blob of [kept, loose, again]) if (blob !== undefined) await blobs.put(blob.sha256, blob.bytes);
      await blobs.collect(() => false, 60_000);
      expect(await blobs.size(loose?.sha256 as string)).toBe(20);
      const graceMs = 1000;
      await pause(1.5 * graceMs);
      await blobs.put(again?.sha256 as string, again?.bytes as Uint8Array);
      expect(await blobs.collect((sha256) => sha256 === kept?.sha256, graceMs)).toEqual({ removed: 1, bytes: 20 });
      expect(await blobs.size(loose?.sha256 as string)).toBeUndefined();
      expect(await blobs.get(kept?.sha256 as string)).toEqual(kept?.bytes);
      expect(await blobs.get(again?.sha256 as string)).toEqual(again?.bytes);
      expect(await blobs.put(loose?.sha256 as string, loose?.bytes as Uint8Array)).toBe("stored");
    }));

    test("they outlive their process, and damaged bytes are never given out", withFixture(async ({ engine, reopen, damageBlob }) => {
      if (reopen === undefined) return;
      const bytes = someBytes(5000);
      const sha256 = await sha256Of(bytes);
      await engine.blobs.put(sha256, bytes);
      const { blobs } = await reopen();
      expect(await blobs.get(sha256, { start: 0, length: 10 })).toEqual(bytes.slice(0, 10));
      if (damageBlob === undefined) return;
      await damageBlob(sha256);
      await expect(blobs.get(sha256, { start: 0, length: 10 })).rejects.toSatisfy((error) => ShoalError.is(error, "blob-damaged"));
      await expect(blobs.get(sha256)).rejects.toSatisfy((error) => ShoalError.is(error, "blob-missing"));
      expect(await blobs.put(sha256, bytes)).toBe("stored");
      expect(await blobs.get(sha256)).toEqual(bytes);
    }));
  });
}
