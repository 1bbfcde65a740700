import { sha256Of, type FileStore } from "@shoal/cluster";
import { describe, expect, test } from "vitest";

/** A store of files with nothing in it. */
export interface FileStoreFixture {
  readonly files: FileStore;
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** What every store of files must do that a gateway takes models and code into. @param open Called for each test. */
export function testFileStore(name: string, open: () => Promise<FileStoreFixture> | FileStoreFixture): void {
  const withFixture = (check: (files: FileStore) => Promise<void>) => async (): Promise<void> => {
    const fixture = await open();
    try {
      await check(fixture.files);
    } finally {
      await fixture[Symbol.asyncDispose]?.();
    }
  };
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 31) % 251);
  const other = bytes.slice().reverse();

  describe(`${name}: files`, () => {
    test("are there once they are whole, under their SHA-256, whole or in part", withFixture(async (files) => {
      const sha256 = await sha256Of(bytes);
      const piece = bytes.slice(0, 300);
      await files.put(sha256, 0, piece, false);
      // Who sends may use its memory again.
      piece.fill(0);
      expect(await files.has(sha256)).toBe(false);
      await expect(files.read(sha256)).rejects.toMatchObject({ code: "blob-missing" });
      await files.put(sha256, 300, bytes.subarray(300), true);
      expect(await files.has(sha256)).toBe(true);
      expect(new Uint8Array(await files.read(sha256))).toEqual(bytes);
      expect(new Uint8Array(await files.read(sha256, { start: 10, length: 50 }))).toEqual(bytes.slice(10, 60));
      expect(new Uint8Array(await files.read(sha256, { start: 990, length: 50 }))).toEqual(bytes.slice(990));
    }));

    test("say how much of them has come", withFixture(async (files) => {
      if (files.arrived === undefined) return;
      const sha256 = await sha256Of(bytes);
      expect(await files.arrived(sha256)).toBe(0);
      for (const [from, to] of [[0, 300], [200, 250], [100, 400]] as const) await files.put(sha256, from, bytes.subarray(from, to), false);
      expect(await files.arrived(sha256)).toBe(400);
      await files.put(sha256, 400, bytes.subarray(400), false);
      expect([await files.arrived(sha256), await files.has(sha256)]).toEqual([1000, false]);
      // The word that it is whole may come by itself.
      await files.put(sha256, 1000, new Uint8Array(), true);
      expect([await files.arrived(sha256), await files.has(sha256)]).toEqual([0, true]);
    }));

    test("may be empty", withFixture(async (files) => {
      const sha256 = await sha256Of(new Uint8Array());
      await files.put(sha256, 0, new Uint8Array(), true);
      expect((await files.read(sha256)).byteLength).toBe(0);
    }));

    test("have no gaps: what is missing is said, and may still come", withFixture(async (files) => {
      const sha256 = await sha256Of(bytes);
      await expect(files.put(sha256, 1, bytes.subarray(1), true)).rejects.toMatchObject({ code: "bad-offset" });
      await files.put(sha256, 0, bytes.subarray(0, 300), false);
      await expect(files.put(sha256, 400, bytes.subarray(400), true)).rejects.toMatchObject({ code: "bad-offset" });
      await files.put(sha256, 300, bytes.subarray(300), true);
      expect(new Uint8Array(await files.read(sha256))).toEqual(bytes);
    }));

    test("that are sent again from the start go on from where they were", withFixture(async (files) => {
      const sha256 = await sha256Of(bytes);
      await files.put(sha256, 0, bytes.subarray(0, 600), false);
      for (const [from, to] of [[0, 300], [300, 700], [700, 1000]] as const) await files.put(sha256, from, bytes.subarray(from, to), to === 1000);
      expect(new Uint8Array(await files.read(sha256))).toEqual(bytes);
    }));

    test("may come from two at once, one of whom is slower", withFixture(async (files) => {
      const sha256 = await sha256Of(bytes);
      const send = (at: number): Promise<void> => files.put(sha256, at, bytes.subarray(at, at + 100), at === 900);
      const quick = Array.from({ length: 10 }, (_, at) => send(100 * at));
      const slow = [send(0), send(100)];
      await Promise.all([...quick, ...slow]);
      for (let at = 200; at < 1000; at += 100) await send(at);
      expect(new Uint8Array(await files.read(sha256))).toEqual(bytes);
    }));

    test("that are not what they are called are refused, and may come again", withFixture(async (files) => {
      const sha256 = await sha256Of(bytes);
      await files.put(sha256, 0, other.subarray(0, 500), false);
      await expect(files.put(sha256, 500, other.subarray(500), true)).rejects.toMatchObject({ code: "blob-mismatch" });
      expect(await files.has(sha256)).toBe(false);
      await files.put(sha256, 0, bytes, true);
      expect(new Uint8Array(await files.read(sha256))).toEqual(bytes);
    }));
  });
}
