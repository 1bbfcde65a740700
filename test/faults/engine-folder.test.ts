// oxlint-disable vitest/no-conditional-expect -- which of several openings wins is not known before
// Rows 5, 6, 7 and 16 of the fault table, as far as they concern the embedded engine, with real processes and a real disk.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Of, type CommitOutcome } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { seededRandom } from "@shoal/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { canMountDisks, smallDisk } from "./small-disk.ts";

const program = fileURLToPath(new URL("commit-until-killed.ts", import.meta.url));

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Coordinator {
  readonly process: ChildProcess;
  /** Every whole line so far. */
  lines(): readonly string[];
  /** @param times so many such lines; default 1 */
  until(line: (text: string) => boolean, times?: number): Promise<unknown>;
}

function startCoordinator(folder: string, life: number | string): Coordinator {
  const child = spawn(process.execPath, ["--conditions=@shoal/source", "--import", import.meta.resolve("@shoal/workers/ts-loader"), program, folder, String(life)], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
  const lines = (): readonly string[] => text.split("\n").slice(0, -1);
  return { process: child, lines, until: (wanted, times = 1) => vi.waitUntil(() => lines().filter(wanted).length >= times, { timeout: 20_000, interval: 1 }) };
}

async function kill({ process: child }: Coordinator): Promise<void> {
  const gone = once(child, "close");
  child.kill("SIGKILL");
  await gone;
}

test("a coordinator killed at any moment loses no commit that it had heard of, and its folder stays small", { timeout: 120_000 }, async () => {
  const folder = newFolder();
  const random = seededRandom(7);
  const heard = new Set<string>();
  for (let life = 0; life < 12; life++) {
    const coordinator = startCoordinator(folder, life);
    // Some while it removes a job, which it says between its commits.
    await coordinator.until(() => true, random.between(2, 400));
    await kill(coordinator);
    expect(coordinator.lines()[0]).toBe("open");
    for (const line of coordinator.lines()) if (line.startsWith("job-")) heard.add(line);
  }
  const engine = await openEmbeddedEngine(folder);
  const there: string[] = [];
  for (const job of await engine.ledger.jobs()) {
    for await (const entry of engine.ledger.replay(job)) if (entry.kind === "commit") there.push(`${job} ${entry.block}`);
  }
  expect(heard.size).toBeGreaterThan(300);
  expect([...heard].filter((line) => !there.includes(line))).toEqual([]);
  expect(there).toHaveLength(new Set(there).size);
  await engine.compact();
  await engine.close();
  const journals = readdirSync(folder).filter((name) => name.startsWith("journal-"));
  expect(journals.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThan(200 * there.length + 10_000);
});

test("a folder has one coordinator: a second one is refused while the first lives, even stopped, and not when it is dead", { timeout: 60_000 }, async () => {
  const folder = newFolder();
  const first = startCoordinator(folder, 1);
  await first.until((line) => line === "open");
  const second = startCoordinator(folder, 2);
  await once(second.process, "close");
  expect(second.lines()).toEqual(["refused engine-folder-busy"]);

  first.process.kill("SIGSTOP");
  await vi.waitUntil(() => execFileSync("ps", ["-o", "stat=", "-p", String(first.process.pid)]).toString().startsWith("T"), { timeout: 5000, interval: 10 });
  await expect(openEmbeddedEngine(folder)).rejects.toMatchObject({ code: "engine-folder-busy", details: { pid: first.process.pid, host: hostname() } });
  first.process.kill("SIGCONT");
  await kill(first);

  const engine = await openEmbeddedEngine(folder);
  await expect(openEmbeddedEngine(folder)).rejects.toMatchObject({ code: "engine-folder-busy", details: { pid: process.pid } });
  await engine.close();
  await (await openEmbeddedEngine(folder)).close();
});

test("of many who find a dead coordinator's folder at once, one gets it", { timeout: 60_000 }, async () => {
  const folder = newFolder();
  for (let round = 0; round < 30; round++) {
    writeFileSync(join(folder, "lock-00000001.json"), JSON.stringify({ pid: 4_000_000, host: hostname(), since: "then" }));
    const openings = await Promise.allSettled(Array.from({ length: 6 }, () => openEmbeddedEngine(folder)));
    const opened = openings.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : []));
    expect(opened).toHaveLength(1);
    for (const opening of openings) if (opening.status === "rejected") expect(opening.reason).toMatchObject({ code: "engine-folder-busy" });
    await opened[0]?.close();
  }
});

test.each([
  ["a process of before the machine's last start", { boot: "another", started: "1" }, true],
  ["a process whose number another one has now", { started: "1" }, process.platform === "linux"],
  ["a process on another machine", { host: "elsewhere" }, false],
])("the lock of %s", async (_what, owner, isStale) => {
  const folder = newFolder();
  writeFileSync(join(folder, "lock-00000041.json"), JSON.stringify({ pid: process.pid, host: hostname(), since: "then", ...owner }));
  if (isStale && process.platform === "linux") return (await openEmbeddedEngine(folder)).close();
  await expect(openEmbeddedEngine(folder)).rejects.toMatchObject({ code: "engine-folder-busy", hint: expect.stringContaining("lock-00000041.json") as string });
  await (await openEmbeddedEngine(folder, { takeOver: true })).close();
});

test("a coordinator whose folder was taken over confirms nothing any more, and what it wrote late does not count", async () => {
  const folder = newFolder();
  const first = await openEmbeddedEngine(folder);
  await first.ledger.open("job");
  await first.ledger.commit("job", "a", { attempt: "first" });
  const second = await openEmbeddedEngine(folder, { takeOver: true });
  expect(await first.ledger.commit("job", "b", { attempt: "first" })).toMatchObject({ outcome: "undecided", reason: { details: { reason: "engine-folder-taken" } } });
  expect(first.status()).toMatchObject({ state: "paused", reason: { code: "engine-folder-taken" } });
  expect(await second.ledger.committed("job", "a")).toEqual({ attempt: "first" });
  expect(await second.ledger.commit("job", "b", { attempt: "second" })).toMatchObject({ outcome: "accepted" });
  await second.close();
  const third = await openEmbeddedEngine(folder);
  expect(await third.ledger.committed("job", "b")).toEqual({ attempt: "second" });
  // It is over for the first one, whoever comes and goes, and its end is nobody's release.
  expect(await first.ledger.commit("job", "c", { attempt: "first" })).toMatchObject({ outcome: "undecided" });
  await first.close();
  await expect(openEmbeddedEngine(folder)).rejects.toMatchObject({ code: "engine-folder-busy" });
  await third.close();
  await third.close();
});

test.skipIf(!canMountDisks())("a disk that is really full pauses ledger and blobs with a reason, and they go on once there is room", async () => {
  const disk = smallDisk("256k");
  const { folder } = disk;
  const engine = await openEmbeddedEngine(folder);
  await engine.ledger.open("job");
  let filled = 0;
  let answer: CommitOutcome;
  const accepted: string[] = [];
  do {
    answer = await engine.ledger.commit("job", `block-${filled++}`, { attempt: "one", padding: "x".repeat(1000) });
    if (answer.outcome === "accepted") accepted.push(`block-${filled - 1}`);
  } while (answer.outcome === "accepted");
  expect(answer).toMatchObject({ outcome: "undecided", reason: { code: "engine-paused", details: { reason: "disk-full" } } });
  expect(engine.status()).toMatchObject({ state: "paused", reason: { code: "disk-full" } });
  const bytes = new Uint8Array(100_000);
  const sha256 = await sha256Of(bytes);
  await expect(engine.blobs.put(sha256, bytes)).rejects.toMatchObject({ code: "disk-full" });
  expect(await engine.blobs.size(sha256)).toBeUndefined();

  disk.resize("2m");
  expect(await engine.ledger.commit("job", "late", { attempt: "one" })).toMatchObject({ outcome: "accepted" });
  expect(await engine.blobs.put(sha256, bytes)).toBe("stored");
  expect(engine.status()).toEqual({ state: "running" });
  await engine.close();
  const again = await openEmbeddedEngine(folder);
  for (const block of [...accepted, "late"]) expect(await again.ledger.committed("job", block)).toMatchObject({ attempt: "one" });
  expect(await again.blobs.get(sha256)).toEqual(bytes);
  await again.close();
});

test.skipIf(process.platform !== "linux")("a folder that can't be made is an error, and not waited for", async () => {
  await expect(openEmbeddedEngine("/proc/no-such/folder")).rejects.toMatchObject({ code: expect.stringMatching(/file-error|permission-denied/) as string });
  const folder = mkdtempSync(join(tmpdir(), "shoal-folder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "file"), "");
  await expect(openEmbeddedEngine(join(folder, "file", "below"))).rejects.toMatchObject({ code: "file-error" });
  await (await openEmbeddedEngine(join(folder, "a", "b", "c"))).close();
});
