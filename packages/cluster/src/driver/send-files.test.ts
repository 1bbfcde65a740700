import { describe, expect, test } from "vitest";
import type { DriverToGateway, FileMessage } from "../connection/messages.ts";
import { sendFiles, SentFiles } from "./send-files.ts";
import { manifestOf, type TravellingFile } from "./travelling-file.ts";

function file(path: string, pieces: readonly number[], bytes = pieces.reduce((sum, piece) => sum + piece, 0)): TravellingFile {
  return { path, sha256: path.padEnd(64, "0"), bytes, localPath: `/models/${path}`, read: async function* () { for (const piece of pieces) yield new Uint8Array(piece); } };
}

async function sent(files: readonly TravellingFile[], arrived?: Readonly<Record<string, number>>): Promise<(Omit<FileMessage, "kind"> & { readonly bytes: number })[]> {
  const messages: (Omit<FileMessage, "kind"> & { readonly bytes: number })[] = [];
  const send = (message: DriverToGateway, payload?: Uint8Array): void => {
    const { kind: _, ...rest } = message as FileMessage;
    messages.push({ ...rest, bytes: payload?.byteLength ?? -1 });
  };
  await sendFiles(files, { send, room: async () => {}, sent: new SentFiles(), signal: new AbortController().signal, ...(arrived !== undefined && { arrived: new Map(Object.entries(arrived).map(([path, bytes]) => [path.padEnd(64, "0"), bytes])) }) });
  return messages;
}

describe("files go", () => {
  const KiB = 2 ** 10;
  const MiB = 2 ** 20;

  test("in order, in pieces of 256 KiB, the last one marked", async () => {
    const a = "a".padEnd(64, "0");
    expect(await sent([file("a", [100 * KiB, 600 * KiB, 5]), file("b", [7])])).toEqual([
      { sha256: a, offset: 0, last: false, bytes: 100 * KiB },
      { sha256: a, offset: 100 * KiB, last: false, bytes: 256 * KiB },
      { sha256: a, offset: 356 * KiB, last: false, bytes: 256 * KiB },
      { sha256: a, offset: 612 * KiB, last: false, bytes: 88 * KiB },
      { sha256: a, offset: 700 * KiB, last: true, bytes: 5 },
      { sha256: "b".padEnd(64, "0"), offset: 0, last: true, bytes: 7 },
    ]);
  });

  test("from where they are at the gateway, which may lack nothing but the word that one is whole", async () => {
    const given = [file("a", [100, 300, 5]), file("b", [7, 7]), file("c", [9])];
    expect(await sent(given, { a: 250, b: 14 })).toMatchObject([
      { offset: 250, last: false, bytes: 150 }, { offset: 400, last: true, bytes: 5 },
      { offset: 14, last: true, bytes: 0 },
      { offset: 0, last: true, bytes: 9 },
    ]);
    expect(await sent(given.slice(0, 1), { a: 999 })).toMatchObject([{ offset: 405, last: true, bytes: 0 }]);
    await expect(sent([file("a", [5], 9)], { a: 7 })).rejects.toMatchObject({ code: "file-changed" });
  });

  test("empty ones too", async () => {
    expect(await sent([file("a", [])])).toMatchObject([{ offset: 0, last: true, bytes: 0 }]);
  });

  test("once, also for two jobs; and whoever waits for one that gives up sends it after all", async () => {
    const files = new SentFiles();
    const { signal } = new AbortController();
    const log: string[] = [];
    let fail = (_error: Error): void => {};
    const given = files.once("a", signal, () => new Promise((_, reject) => (fail = reject)));
    const second = files.once("a", signal, async () => void log.push("second"));
    const third = files.once("a", signal, async () => void log.push("third"));
    fail(new Error("taken back"));
    await expect(given).rejects.toThrow("taken back");
    await Promise.all([second, third]);
    expect(log).toEqual(["second"]);
    files.forget();
    await files.once("a", signal, async () => void log.push("again"));
    expect(log).toEqual(["second", "again"]);
  });

  test("and no more than 16 MiB before the gateway has stored some of it", async () => {
    const [files, { signal }, pieces]: [SentFiles, AbortController, number[]] = [new SentFiles(), new AbortController(), []];
    const sending = sendFiles([file("a", [40 * MiB])], { send: (_, payload) => void pieces.push(payload?.byteLength ?? 0), room: async () => {}, sent: files, signal });
    await new Promise((resolve) => setTimeout(resolve));
    expect(pieces).toHaveLength(64);
    files.taken();
    await new Promise((resolve) => setTimeout(resolve));
    expect(pieces).toHaveLength(65);
    for (let taken = 0; taken < 65; taken++) files.taken();
    await new Promise((resolve) => setTimeout(resolve));
    expect(pieces).toHaveLength(129);
    // Another connection has begun, and nothing of the earlier one counts.
    files.forget();
    await sending;
    expect(pieces).toHaveLength(160);
  });

  test("and whoever waits for the gateway may give up", async () => {
    const [files, over]: [SentFiles, AbortController] = [new SentFiles(), new AbortController()];
    const sending = sendFiles([file("a", [40 * MiB])], { send: () => {}, room: async () => {}, sent: files, signal: over.signal });
    await new Promise((resolve) => setTimeout(resolve));
    over.abort(new Error("taken back"));
    await expect(sending).rejects.toThrow("taken back");
  });

  test("and one that has become shorter meanwhile is an error", async () => {
    await expect(sent([file("a", [5], 9)])).rejects.toMatchObject({ code: "file-changed" });
  });
});

test("a model is named by its files, in whatever order they come", async () => {
  const one = await manifestOf({ files: [file("b", [1]), file("a", [2])] });
  expect(one).toEqual(await manifestOf({ files: [file("a", [2]), file("b", [1])] }));
  expect(one.files.map(({ path }) => path)).toEqual(["a", "b"]);
  expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
  expect((await manifestOf({ files: [file("a", [2])], entry: "a" })).entry).toBe("a");
});
