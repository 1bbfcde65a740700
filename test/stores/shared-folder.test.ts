// A folder that many processes share: they put the same at once, collect while others put, and are killed in the middle of it.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Of } from "@shoal/cluster";
import { localDisk, type Disk } from "@shoal/cluster/embedded";
import { openStore, sharedFolderBlobs } from "@shoal/cluster/stores";
import { FakeClock, seededRandom } from "@shoal/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { blobOf } from "./blob-of.ts";
import { startBlobProcess } from "./blob-process.ts";

const program = fileURLToPath(new URL("put-until-killed.ts", import.meta.url));
const hourMs = 3_600_000;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-shared-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Writer {
  readonly process: ChildProcess;
  readonly lines: () => readonly string[];
}

async function startWriter(folder: string, ...args: string[]): Promise<Writer> {
  const child = spawn(process.execPath, ["--conditions=@shoal/source", "--import", import.meta.resolve("@shoal/workers/ts-loader"), program, folder, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
  const lines = (): readonly string[] => text.split("\n").slice(0, -1);
  await vi.waitUntil(() => lines().length > 0, { timeout: 25_000, interval: 5 });
  return { process: child, lines };
}

async function kill({ process: child }: Writer): Promise<void> {
  const gone = once(child, "close");
  child.kill("SIGKILL");
  await gone;
}

/** Of every file that has the name of a blob: whether it is what it is called. */
function blobsIn(folder: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const begin of readdirSync(folder).filter((name) => name.length === 2)) {
    for (const name of readdirSync(join(folder, begin))) found.set(name, createHash("sha256").update(readFileSync(join(folder, begin, name))).digest("hex") === name);
  }
  return found;
}

test("two processes that put the same blobs at once, and are killed at it, leave every blob whole that they were told is stored", { timeout: 120_000 }, async () => {
  const folder = newFolder();
  const random = seededRandom(11);
  const heard = new Set<string>();
  for (let life = 0; life < 3; life++) {
    const writers = await Promise.all([startWriter(folder, String(20 * life)), startWriter(folder, String(20 * life))]);
    await vi.waitUntil(() => writers.every((each) => each.lines().length > 20), { timeout: 25_000, interval: 5 });
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 40)));
    await Promise.all(writers.map(kill));
    for (const writer of writers) for (const line of writer.lines()) if (/^(stored|there) /.test(line)) heard.add(line.split(" ")[1] as string);
  }
  const there = blobsIn(folder);
  expect(heard.size).toBeGreaterThan(40);
  expect([...there].filter(([, isWhole]) => !isWhole)).toEqual([]);
  expect([...heard].filter((sha256) => !there.has(sha256))).toEqual([]);
});

test("of a put that was killed in the middle nothing is ever seen, and what it left is swept", { timeout: 60_000 }, async () => {
  const folder = newFolder();
  const writer = await startWriter(folder, "5", "slowly");
  await vi.waitUntil(() => writer.lines().filter((line) => line === "writing").length > 3, { timeout: 25_000, interval: 1 });
  await kill(writer);
  const bytes = blobOf(5);
  const sha256 = await sha256Of(bytes);
  expect(writer.lines().some((line) => line.includes(sha256))).toBe(false);
  const blobs = sharedFolderBlobs(folder);
  expect(await blobs.size(sha256)).toBeUndefined();
  await expect(blobs.get(sha256)).rejects.toMatchObject({ code: "blob-missing" });
  const [left = ""] = readdirSync(join(folder, "incoming"));
  expect(left).toMatch(new RegExp(`^${sha256}-`));
  // Somebody may be at it.
  await blobs.collect(() => false, 0);
  expect(readdirSync(join(folder, "incoming"))).toEqual([left]);
  utimesSync(join(folder, "incoming", left), new Date(Date.now() - 2 * hourMs), new Date(Date.now() - 2 * hourMs));
  await blobs.collect(() => false, 0);
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  expect(await blobs.put(sha256, bytes)).toBe("stored");
});

test("what is put again and again while three processes collect is there after every put", { timeout: 120_000 }, async () => {
  const folder = newFolder();
  const collectors = [startBlobProcess(folder), startBlobProcess(folder)];
  for (const each of collectors) onTestFinished(() => each.kill());
  const blobs = sharedFolderBlobs(folder);
  const some = await Promise.all(Array.from({ length: 8 }, async (_, number) => ({ bytes: blobOf(number), sha256: await sha256Of(blobOf(number)) })));
  const pathOf = (sha256: string): string => join(folder, sha256.slice(0, 2), sha256);
  let isOver = false;
  onTestFinished(() => void (isOver = true));
  const collecting = [blobs, ...collectors.map((each) => each.blobs)].map(async (each) => {
    while (!isOver) await each.collect(() => false, hourMs);
  });
  for (let round = 0; round < 40; round++) {
    await Promise.all(some.map(async ({ sha256, bytes }) => {
      await blobs.put(sha256, bytes);
      expect(Buffer.from(await blobs.get(sha256)).equals(bytes)).toBe(true);
      // It is old again, and may go at any moment.
      utimesSync(pathOf(sha256), new Date(Date.now() - 2 * hourMs), new Date(Date.now() - 2 * hourMs));
    }));
  }
  for (const { sha256, bytes } of some) await blobs.put(sha256, bytes);
  isOver = true;
  await Promise.all(collecting);
  for (const { sha256, bytes } of some) expect(Buffer.from(await blobs.get(sha256)).equals(bytes)).toBe(true);
});

test("a blob that is renewed at the very moment at which it is set aside comes back; one that a dead process set aside too", async () => {
  const folder = newFolder();
  const [bytes, now] = [blobOf(1), Date.now()];
  const sha256 = await sha256Of(bytes);
  const path = join(folder, sha256.slice(0, 2), sha256);
  const putting = sharedFolderBlobs(folder);
  const makeOld = (at: string): void => utimesSync(at, new Date(now - 2 * hourMs), new Date(now - 2 * hourMs));
  let before: () => Promise<void> = async () => {};
  const disk: Disk = { ...localDisk, rename: async (from, to) => {
    if (to.includes(".leaving-")) await before();
    await localDisk.rename(from, to);
  } };
  await putting.put(sha256, bytes);
  makeOld(path);
  before = async () => expect(await putting.put(sha256, bytes)).toBe("there");
  expect(await sharedFolderBlobs(folder, { disk }).collect(() => false, hourMs)).toEqual({ removed: 0, bytes: 0 });
  expect(await putting.get(sha256)).toEqual(bytes);

  // It died behind that step: who looks for the blob finds it all the same, and the next one that collects ends what it began.
  makeOld(path);
  await localDisk.rename(path, `${path}.leaving-someone`);
  expect(await putting.get(sha256)).toEqual(bytes);
  await putting.collect((name) => name === sha256, hourMs);
  expect(readdirSync(join(path, ".."))).toEqual([sha256]);
  await localDisk.rename(path, `${path}.leaving-someone`);
  await putting.collect(() => false, hourMs);
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

test("the clock of the machine that keeps the folder counts, not the one of this machine", async () => {
  const folder = newFolder();
  const aheadMs = 5 * hourMs;
  // A file server whose clock is five hours ahead.
  const server: Disk = { ...localDisk,
    stat: async (path) => {
      const info = await localDisk.stat(path);
      return info && { ...info, changedMs: info.changedMs + aheadMs };
    },
    touch: (path, at) => localDisk.touch(path, at - aheadMs),
  };
  const blobs = sharedFolderBlobs(folder, { disk: server });
  const [bytes, sha256] = [blobOf(1), await sha256Of(blobOf(1))];
  await blobs.put(sha256, bytes);
  const path = join(folder, sha256.slice(0, 2), sha256);
  expect(await blobs.collect(() => false, hourMs)).toEqual({ removed: 0, bytes: 0 });
  utimesSync(path, new Date(Date.now() - 2 * hourMs), new Date(Date.now() - 2 * hourMs));
  expect(await blobs.put(sha256, bytes)).toBe("there");
  expect(Math.abs(statSync(path).mtimeMs - Date.now())).toBeLessThan(hourMs);
  utimesSync(path, new Date(Date.now() - 2 * hourMs), new Date(Date.now() - 2 * hourMs));
  expect(await blobs.collect(() => false, hourMs)).toMatchObject({ removed: 1 });
});

test("ages go by the time that is given", async () => {
  const folder = newFolder();
  let laterMs = 0;
  const blobs = sharedFolderBlobs(folder, { clock: new FakeClock(), date: () => Date.now() + laterMs });
  await blobs.put(await sha256Of(blobOf(1)), blobOf(1));
  expect(await blobs.collect(() => false, hourMs)).toEqual({ removed: 0, bytes: 0 });
  laterMs = 2 * hourMs;
  expect(await blobs.put(await sha256Of(blobOf(1)), blobOf(1))).toBe("there");
  expect(await blobs.collect(() => false, hourMs)).toEqual({ removed: 0, bytes: 0 });
  laterMs = 4 * hourMs;
  expect(await blobs.collect(() => false, hourMs)).toMatchObject({ removed: 1 });
});

test.each([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EACCES", "permission-denied"],
  ["ESTALE", "file-error"],
])("a disk that says %s is %s, nothing is there, and the next try may do", async (system, code) => {
  const folder = newFolder();
  let fails = true;
  const blobs = sharedFolderBlobs(folder, { disk: { ...localDisk, rename: async (from, to) => {
    if (fails) throw Object.assign(new Error(system), { code: system });
    await localDisk.rename(from, to);
  } } });
  const [bytes, sha256] = [blobOf(1), await sha256Of(blobOf(1))];
  await expect(blobs.put(sha256, bytes)).rejects.toMatchObject({ code });
  expect(await blobs.size(sha256)).toBeUndefined();
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  fails = false;
  expect(await blobs.put(sha256, bytes)).toBe("stored");
});

test("files that one gateway was brought all of them serve, and several may be brought the same at once", async () => {
  const folder = newFolder();
  const [here, there] = [await openStore(folder), await openStore(folder)];
  const bytes = new Uint8Array(2_000_000).map((_, at) => at % 251);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const half = bytes.byteLength / 2;
  await Promise.all([here, there].map((each) => each.files.put(sha256, 0, bytes.subarray(0, half), false)));
  expect([await here.files.has(sha256), await there.files.has(sha256)]).toEqual([false, false]);
  await expect(there.files.put(sha256, half + 1, bytes.subarray(half + 1), true)).rejects.toMatchObject({ code: "bad-offset" });
  await Promise.all([here, there].map((each) => each.files.put(sha256, half, bytes.subarray(half), true)));
  expect(Buffer.from(await there.files.read(sha256, { start: half - 5, length: 10 })).equals(bytes.subarray(half - 5, half + 5))).toBe(true);
  // A file of this machine is copied: others can't read it where it lies.
  const model = join(newFolder(), "model.bin");
  writeFileSync(model, "a model");
  const modelSha256 = createHash("sha256").update("a model").digest("hex");
  await here.files.add(modelSha256, model);
  rmSync(model);
  expect(Buffer.from(await there.files.read(modelSha256)).toString()).toBe("a model");
  expect(readdirSync(join(folder, "files", "incoming"))).toEqual([]);
  await Promise.all([here.close(), there.close()]);
});

test("files go when nobody has asked for them in long, none of which a job of any gateway needs", async () => {
  const folder = newFolder();
  const open = (): ReturnType<typeof openStore> => openStore(folder, { limits: { mostBytes: 10 } });
  const [here, there] = [await open(), await open()];
  const put = async (text: string): Promise<string> => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    await here.files.put(sha256, 0, Buffer.from(text), true);
    utimesSync(join(folder, "files", sha256), new Date(Date.now() - 10 * hourMs), new Date(Date.now() - 10 * hourMs));
    return sha256;
  };
  const [needed, asked, loose] = [await put("needed by a job"), await put("asked for a moment ago"), await put("wanted by nobody")];
  expect(await there.files.size(asked)).toBe(22);
  await here.files.collect((sha256) => sha256 === needed);
  await there.files.collect(() => false);
  expect([await there.files.has(needed), await there.files.has(asked), await there.files.has(loose)]).toEqual([true, true, false]);
  await Promise.all([here.close(), there.close()]);
});

test("a place that can't be a folder is said when it is opened", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "file"), "");
  await expect(openStore(join(folder, "file"))).rejects.toMatchObject({ code: "file-error" });
  await expect(openStore("")).rejects.toMatchObject({ code: "bad-option" });
  await expect(openStore("gs://bucket")).rejects.toMatchObject({ code: "bad-option" });
});
