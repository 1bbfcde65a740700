// oxlint-disable vitest/no-conditional-expect -- what is to be found depends on where the fault was
import { sha256Of, type CommitRecord, type Engine, type LedgerEntry } from "@shoal/cluster";
import { openEmbeddedEngine, repairJournal } from "@shoal/cluster/embedded";
import { ShoalError } from "@shoal/core";
import { seededRandom } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { FragileDisk, systemError } from "./fragile-disk.ts";

const folder = "/engine";
const record = (attempt: string): CommitRecord => ({ attempt });
/** Another process, which is long dead: its lock is in nobody's way. */
const options = (disk: FragileDisk) => ({ disk, takeOver: true });

async function entries(engine: Engine, job: string): Promise<LedgerEntry[]> {
  const list: LedgerEntry[] = [];
  for await (const entry of engine.ledger.replay(job)) list.push(entry);
  return list;
}

/** Three groups of commits, and where each of them ends in the journal's file. */
async function smallJournal(): Promise<{ disk: FragileDisk; path: string; whole: LedgerEntry[]; ends: number[] }> {
  const disk = new FragileDisk();
  const engine = await openEmbeddedEngine(folder, options(disk));
  const path = `${folder}/journal-00000001.log`;
  const ends: number[] = [];
  await engine.ledger.open("job");
  for (const group of ["a", "b", "c"]) {
    await Promise.all([1, 2, 3].map((index) => engine.ledger.commit("job", `${group}${index}`, record(`attempt ${group}${index} "{}" ä`))));
    ends.push(disk.bytes(path).byteLength);
  }
  const whole = await entries(engine, "job");
  await engine.close();
  return { disk, path, whole, ends };
}

describe("a small journal", () => {
  test("cut off at any byte of its last group, it has all groups before and a part of that one; earlier, that can't be told from a crash there", async () => {
    const { disk, path, whole, ends } = await smallJournal();
    const bytes = disk.bytes(path);
    const header = bytes.indexOf(10) + 1;
    for (let length = 0; length < bytes.byteLength; length++) {
      const opening = openEmbeddedEngine(folder, options(disk.changed(path, bytes.slice(0, length))));
      if (length < header) {
        await expect(opening, `cut at ${length}`).rejects.toSatisfy((error) => ShoalError.is(error, "journal-damaged"));
        continue;
      }
      const engine = await opening;
      const there = await entries(engine, "job");
      expect(there, `cut at ${length}`).toEqual(whole.slice(0, there.length));
      expect(there.length).toBeGreaterThanOrEqual(3 * ends.filter((end) => end <= length).length);
      expect(await engine.ledger.commit("job", "more", record("more"))).toMatchObject({ outcome: there.length === 0 && length < (ends[0] as number) ? expect.stringMatching(/accepted|no-ledger/) : "accepted" });
      await engine.close();
    }
  });

  test("with any byte changed before its last group it is refused; in its last group it ends there", async () => {
    const { disk, path, whole, ends } = await smallJournal();
    const bytes = disk.bytes(path);
    const lastGroup = ends[1] as number;
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const mask of [0x01, 0x80]) {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] as number) ^ mask;
        const opening = openEmbeddedEngine(folder, options(disk.changed(path, flipped)));
        if (at < lastGroup) {
          await expect(opening, `flipped at ${at}`).rejects.toSatisfy((error) => ShoalError.is(error, "journal-damaged") || ShoalError.is(error, "journal-too-new"));
          continue;
        }
        const engine = await opening;
        const there = await entries(engine, "job");
        expect(there, `flipped at ${at}`).toEqual(whole.slice(0, there.length));
        expect(there.length).toBeGreaterThanOrEqual(6);
        await engine.close();
      }
    }
  });

  test("with any byte changed, a repair keeps every other record, and no number is given out twice", async () => {
    const { disk, path, whole, ends } = await smallJournal();
    const bytes = disk.bytes(path);
    const text = (entry: LedgerEntry): string => JSON.stringify(entry);
    for (let at = 0; at < (ends[1] as number); at += 3) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 0x01;
      const damaged = disk.changed(path, flipped);
      const repair = await repairJournal(folder, damaged).catch((error: unknown) => error);
      if (ShoalError.is(repair)) {
        // The format's number itself: a later version's journal is not for this one to repair.
        expect(repair.code).toBe("journal-too-new");
        continue;
      }
      expect(repair).toMatchObject({ damaged: 1 });
      const engine = await openEmbeddedEngine(folder, options(damaged));
      const there = (await entries(engine, "job")).map(text);
      const missing = whole.map(text).filter((entry) => !there.includes(entry));
      expect(missing.length, `flipped at ${at}`).toBeLessThanOrEqual(1);
      expect(there).toEqual(whole.map(text).filter((entry) => !missing.includes(entry)));
      expect((await engine.leader.acquire("driver", 1000)).epoch).toBeGreaterThan(whole.at(-1)?.seq as number);
      await engine.close();
    }
  });

  test("of another format is refused with what to do", async () => {
    const { disk, path } = await smallJournal();
    const later = new TextEncoder().encode(new TextDecoder().decode(disk.bytes(path)).replace("shoal-journal 1 ", "shoal-journal 2 "));
    await expect(openEmbeddedEngine(folder, options(disk.changed(path, later)))).rejects.toMatchObject({ code: "journal-too-new", details: { format: 2 } });
  });

  test("one of whose files is missing is refused", async () => {
    const { disk } = await smallJournal();
    for (const _ of [1, 2]) await (await openEmbeddedEngine(folder, options(disk))).close();
    await disk.remove(`${folder}/journal-00000002.log`);
    await expect(openEmbeddedEngine(folder, options(disk))).rejects.toMatchObject({ code: "journal-damaged", message: expect.stringContaining("journal-00000002.log") as string });
  });
});

/** Jobs that come and go, with many commits at once, on a disk that may fail; until it is told to stop. Says what was accepted, and which jobs it was told are removed. */
async function busyCoordinator(engine: Engine, seed: number, life: AbortSignal, accepted: Map<string, string>, gone: Set<string>): Promise<void> {
  const random = seededRandom(seed);
  for (let round = 0; round < 12 && !life.aborted; round++) {
    const job = `job-${seed}-${round}`;
    try {
      await engine.ledger.open(job);
      const blocks = random.between(1, 20);
      await Promise.all(Array.from({ length: 2 * blocks }, async (_, index) => {
        const block = `block-${index % blocks}`;
        const attempt = `attempt-${index}`;
        const answer = await engine.ledger.commit(job, block, record(attempt));
        if (answer.outcome === "accepted" && !life.aborted) {
          const key = `${job}/${block}`;
          if (accepted.has(key) && accepted.get(key) !== attempt) throw new Error(`Two attempts were accepted for ${key}.`);
          accepted.set(key, attempt);
        }
      }));
      if (random.chance(0.6)) {
        gone.add(job);
        await engine.ledger.remove(job);
      }
      if (random.chance(0.2)) await (engine as Engine & { compact(): Promise<void> }).compact().catch(() => {});
    } catch (error) {
      if (!ShoalError.is(error, "engine-paused")) throw error;
    }
  }
}

describe("a coordinator on a fragile disk", () => {
  test("whenever the power goes out, everything accepted is there, once", { timeout: 60_000 }, async () => {
    let found = 0;
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed);
      let disk = new FragileDisk();
      const accepted = new Map<string, string>();
      const gone = new Set<string>();
      // Several lives, each ended by a power cut at some step.
      for (let life = 0; life < 3; life++) {
        const power = new AbortController();
        let left = random.between(1, 80);
        let cut: FragileDisk | undefined;
        const running = disk;
        running.watch(() => {
          if (cut !== undefined) throw systemError("EIO");
          if (left-- > 0) return;
          power.abort();
          cut = running.afterPowerCut(random);
          throw systemError("EIO");
        });
        const engine = await openEmbeddedEngine(folder, { ...options(running), journal: { maxObsoleteRecords: 10, maxFileBytes: 3000 } }).catch((error: unknown) => {
          if (!power.signal.aborted) throw error;
        });
        if (engine !== undefined) await busyCoordinator(engine, 10 * seed + life, power.signal, accepted, gone);
        disk = cut ?? running.afterPowerCut(random);
        const after = await openEmbeddedEngine(folder, options(disk));
        for (const [key, attempt] of accepted) {
          const [job = "", block = ""] = key.split("/");
          if (gone.has(job)) continue;
          expect((await after.ledger.committed(job, block))?.attempt, `seed ${seed}, life ${life}, ${key}`).toBe(attempt);
          found++;
        }
        for (const job of await after.ledger.jobs()) {
          const blocks = (await entries(after, job)).flatMap((entry) => (entry.kind === "commit" ? [entry.block] : []));
          expect(blocks).toEqual([...new Set(blocks)]);
        }
        await after.close();
      }
    }
    expect(found).toBeGreaterThan(5000);
  });

  test("a full disk pauses it with a reason; nothing is accepted that is not there; it goes on once there is room", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed);
      const disk = new FragileDisk();
      const engine = await openEmbeddedEngine(folder, options(disk));
      await engine.ledger.open("job");
      let isFull = false;
      const failing = random.pick(["write", "sync", "create"] as const);
      disk.watch((operation) => {
        if (isFull && (operation === failing || operation === "write")) throw systemError("ENOSPC");
      });
      const accepted = new Map<string, string>();
      for (let round = 0; round < 10; round++) {
        isFull = random.chance(0.5);
        const answers = await Promise.all(Array.from({ length: 10 }, async (_, index) => ({ block: `block-${index % 7}`, attempt: `attempt-${round}-${index}`, answer: await engine.ledger.commit("job", `block-${index % 7}`, record(`attempt-${round}-${index}`)) })));
        for (const { block, attempt, answer } of answers) {
          if (answer.outcome === "accepted") accepted.set(block, attempt);
          if (answer.outcome === "lost") expect(answer.winner.attempt).toBe(accepted.get(block) ?? answers.find((other) => other.block === block && other.answer.outcome === "accepted")?.attempt);
          if (answer.outcome === "undecided") {
            expect(isFull).toBe(true);
            expect(answer.reason).toMatchObject({ code: "engine-paused", details: { reason: "disk-full" }, hint: expect.stringContaining("Free some space") as string });
            expect(engine.status()).toMatchObject({ state: "paused", reason: { code: "disk-full" } });
          }
        }
      }
      isFull = false;
      await engine.ledger.note("job", {});
      expect(engine.status()).toEqual({ state: "running" });
      const after = await openEmbeddedEngine(folder, options(disk.afterPowerCut(random)));
      for (const [block, attempt] of accepted) expect((await after.ledger.committed("job", block))?.attempt).toBe(attempt);
      expect((await entries(after, "job")).filter(({ kind }) => kind === "commit")).toHaveLength(accepted.size);
    }
  });

  test("whenever the power goes out, a blob whose put was answered is there, whole", async () => {
    let found = 0;
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed);
      const disk = new FragileDisk();
      const blobs = new Map(await Promise.all(Array.from({ length: 8 }, async (_, index) => {
        const bytes = Uint8Array.from({ length: 100 + index }, () => random.between(0, 255));
        return [await sha256Of(bytes), bytes] as const;
      })));
      const engine = await openEmbeddedEngine(folder, options(disk));
      let left = random.between(1, 60);
      let cut: FragileDisk | undefined;
      disk.watch(() => {
        if (cut === undefined && left-- > 0) return;
        cut ??= disk.afterPowerCut(random);
        throw systemError("EIO");
      });
      const stored: string[] = [];
      await Promise.all([...blobs, ...blobs].map(async ([sha256, bytes]) => {
        await engine.blobs.put(sha256, bytes).catch(() => undefined);
        if (cut === undefined) stored.push(sha256);
      }));
      const after = await openEmbeddedEngine(folder, options(cut ?? disk.afterPowerCut(random)));
      for (const sha256 of stored) expect(await after.blobs.get(sha256), `seed ${seed}`).toEqual(blobs.get(sha256));
      for (const [sha256, bytes] of blobs) {
        // What was not answered may be there, and then whole, or damaged, and then is not given out.
        const there = await after.blobs.get(sha256).catch((error: unknown) => error);
        if (!ShoalError.is(there)) expect(there).toEqual(bytes);
        expect(await after.blobs.put(sha256, bytes)).toMatch(/stored|there/);
        expect(await after.blobs.get(sha256)).toEqual(bytes);
      }
      found += stored.length;
    }
    expect(found).toBeGreaterThan(1000);
  });

  test("its folder does not grow with jobs that are removed", async () => {
    const disk = new FragileDisk();
    const engine = await openEmbeddedEngine(folder, { ...options(disk), journal: { maxObsoleteRecords: 100, maxFileBytes: 20_000 } });
    await engine.ledger.open("stays");
    await engine.ledger.commit("stays", "a", record("one"));
    for (let round = 0; round < 200; round++) {
      await engine.ledger.open(`job-${round}`);
      await Promise.all(Array.from({ length: 50 }, (_, index) => engine.ledger.commit(`job-${round}`, `block-${index}`, record("one"))));
      await engine.ledger.remove(`job-${round}`);
    }
    await engine.close();
    const sizes = (await disk.list(folder)).map((name) => disk.bytes(`${folder}/${name}`).byteLength);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
    const after = await openEmbeddedEngine(folder, options(disk));
    expect(await after.ledger.jobs()).toEqual(["stays"]);
    expect(await after.ledger.committed("stays", "a")).toEqual(record("one"));
  });
});
