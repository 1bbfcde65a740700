import { describe, expect, test } from "vitest";
import type { DriverToGateway, FileMessage } from "../connection/messages.ts";
import { sendFiles } from "./send-files.ts";
import { manifestOf, type TravellingFile } from "./travelling-file.ts";

function file(path: string, pieces: readonly number[], bytes = pieces.reduce((sum, piece) => sum + piece, 0)): TravellingFile {
  return { path, sha256: path.padEnd(64, "0"), bytes, localPath: `/models/${path}`, read: async function* () { for (const piece of pieces) yield new Uint8Array(piece); } };
}

async function sent(files: readonly TravellingFile[], placeFile?: (sha256: string, path: string) => Promise<boolean>): Promise<(Omit<FileMessage, "kind"> & { readonly bytes: number })[]> {
  const messages: (Omit<FileMessage, "kind"> & { readonly bytes: number })[] = [];
  const send = (message: DriverToGateway, payload?: Uint8Array): void => {
    const { kind: _, ...rest } = message as FileMessage;
    messages.push({ ...rest, bytes: payload?.byteLength ?? -1 });
  };
  await sendFiles(files, { send, room: async () => {}, placeFile, signal: new AbortController().signal });
  return messages;
}

describe("files go", () => {
  const MiB = 2 ** 20;

  test("in order, in pieces of 4 MiB, the last one marked", async () => {
    const a = "a".padEnd(64, "0");
    expect(await sent([file("a", [MiB, 9 * MiB, 5]), file("b", [7])])).toEqual([
      { sha256: a, offset: 0, last: false, bytes: MiB },
      { sha256: a, offset: MiB, last: false, bytes: 4 * MiB },
      { sha256: a, offset: 5 * MiB, last: false, bytes: 4 * MiB },
      { sha256: a, offset: 9 * MiB, last: false, bytes: MiB },
      { sha256: a, offset: 10 * MiB, last: true, bytes: 5 },
      { sha256: "b".padEnd(64, "0"), offset: 0, last: true, bytes: 7 },
    ]);
  });

  test("empty ones too", async () => {
    expect(await sent([file("a", [])])).toMatchObject([{ offset: 0, last: true, bytes: 0 }]);
  });

  test("not at all where the coordinator takes them where they lie", async () => {
    const placed: string[] = [];
    expect(await sent([file("a", [5]), file("b", [7])], async (_sha256, path) => placed.push(path) === 1)).toMatchObject([{ bytes: 7 }]);
    expect(placed).toEqual(["/models/a", "/models/b"]);
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
