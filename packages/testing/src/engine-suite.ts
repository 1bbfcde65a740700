// oxlint-disable vitest/no-conditional-expect -- who wins a race is not known before, nor what an adapter can be asked for
import { commitUntilDecided, sha256Of, type CommitOutcome, type CommitRecord, type Engine, type LedgerEntry } from "@shoal/cluster";
import { ShoalError, systemClock } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { seededRandom } from "./seeded-random.ts";
import { withSwallowedReplies } from "./swallowed-replies.ts";

/** An engine with nothing in it. */
export interface EngineFixture {
  readonly engine: Engine;
  /** The same state by an engine opened anew, after the process of the first one ended; absent when it ends with it. */
  readonly reopen?: () => Promise<Engine>;
  /** Changes a byte of a blob where it lies. */
  readonly damageBlob?: (sha256: string) => Promise<void>;
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** How much of it is tried, where an engine is slow. */
export interface EngineCapabilities {
  /** Blocks in the race of commits; four attempts at each. Default 2,000. */
  readonly blocks?: number;
  /** Default 300; at least the adapter's `shortestTtlMs`. */
  readonly ttlMs?: number;
  /** The queue's `leaseMs`, when it is short enough to wait for. */
  readonly leaseMs?: number;
}

const never = new AbortController().signal;
const record = (attempt: string): CommitRecord => ({ attempt, sha256: "0".repeat(64), rows: 32 });
let names = 0;
/** No job has the name of another one, in any run: an engine may remember. */
const newJob = (): string => `job-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${names++}`;

/** What every Engine must do. @param open Called for each test. */
export function testEngine(name: string, open: () => Promise<EngineFixture> | EngineFixture, { blocks = 2000, ttlMs = 300, leaseMs }: EngineCapabilities = {}): void {
  const withFixture = (check: (fixture: EngineFixture, job: string) => Promise<void>) => async (): Promise<void> => {
    const fixture = await open();
    try {
      const job = newJob();
      await fixture.engine.ledger.open(job);
      await check(fixture, job);
    } finally {
      await fixture[Symbol.asyncDispose]?.();
    }
  };

  describe(`engine ${name}: ledger`, () => {
    test("of all who commit a block at once, one is accepted, and the others are told who", withFixture(async ({ engine: { ledger } }, job) => {
      const random = seededRandom(1);
      const attempts = Array.from({ length: 4 * blocks }, (_, index) => ({ block: `block-${index % blocks}`, attempt: `attempt-${index}`, order: random.next() })).sort((a, b) => a.order - b.order);
      const answers = await Promise.all(attempts.map(async ({ block, attempt }) => ({ block, attempt, answer: await decided(ledger.commit(job, block, record(attempt))) })));
      const winners = new Map(answers.flatMap(({ block, attempt, answer }) => (answer.outcome === "accepted" ? [[block, attempt] as const] : [])));
      expect(answers.filter(({ answer }) => answer.outcome === "accepted")).toHaveLength(blocks);
      expect(winners.size).toBe(blocks);
      for (const { block, answer } of answers) if (answer.outcome !== "accepted") expect(answer).toEqual({ outcome: "lost", winner: record(winners.get(block) as string) });
      const entries = await all(ledger.replay(job));
      expect(new Map(entries.map((entry) => [entry.kind === "commit" ? entry.block : "", entry.kind === "commit" ? entry.record.attempt : ""]))).toEqual(winners);
      expect(entries).toHaveLength(blocks);
    }));

    test("whoever sends the accepted attempt again is told the same", withFixture(async ({ engine: { ledger } }, job) => {
      const first = await decided(ledger.commit(job, "a", record("one")));
      expect(first).toMatchObject({ outcome: "accepted" });
      expect(await decided(ledger.commit(job, "a", record("one")))).toEqual(first);
      const [left, right] = await Promise.all([decided(ledger.commit(job, "b", record("two"))), decided(ledger.commit(job, "b", record("two")))]);
      expect(left).toMatchObject({ outcome: "accepted" });
      expect(right).toEqual(left);
      expect(await ledger.committed(job, "a")).toEqual(record("one"));
      expect(await ledger.committed(job, "c")).toBeUndefined();
    }));

    test("a block of the same name in another job is another block, whatever the names hold", withFixture(async ({ engine: { ledger } }, job) => {
      const other = newJob();
      await ledger.open(other);
      for (const block of ["a", "ä\n\"0\" {}", "x".repeat(200)]) {
        expect(await decided(ledger.commit(job, block, record("one")))).toMatchObject({ outcome: "accepted" });
        expect(await decided(ledger.commit(other, block, record("two")))).toMatchObject({ outcome: "accepted" });
        expect(await ledger.committed(job, block)).toEqual(record("one"));
      }
    }));

    test("when answers are lost, whoever asks until it is decided learns the truth", withFixture(async ({ engine: { ledger } }, job) => {
      const random = seededRandom(2);
      const shaky = withSwallowedReplies(ledger, () => random.pick(["answered", "reply-lost", "request-lost"]));
      const persistence = { clock: { now: () => 0, sleep: () => systemClock.sleep(1) }, signal: never, random: () => random.next() };
      const tries = Array.from({ length: 300 }, (_, index) => ({ block: `block-${index % 100}`, attempt: `attempt-${index}` }));
      const answers = await Promise.all(tries.map(({ block, attempt }) => commitUntilDecided(shaky, job, block, record(attempt), persistence)));
      const accepted = tries.filter((_, index) => answers[index]?.outcome === "accepted");
      expect(accepted.map(({ block }) => block).sort()).toEqual(Array.from({ length: 100 }, (_, index) => `block-${index}`).sort());
      const entries = await all(ledger.replay(job));
      expect(entries).toHaveLength(100);
      for (const { block, attempt } of accepted) expect(await ledger.committed(job, block)).toEqual(record(attempt));
    }));

    test("nothing is written for a job that is not open, or no more", withFixture(async ({ engine: { ledger } }, job) => {
      await ledger.commit(job, "a", record("one"));
      expect(await ledger.jobs()).toContain(job);
      await ledger.remove(job);
      await ledger.remove(job);
      expect(await ledger.jobs()).not.toContain(job);
      for (const gone of [job, newJob()]) {
        expect(await ledger.commit(gone, "a", record("two"))).toEqual({ outcome: "no-ledger" });
        expect(await ledger.note(gone, {})).toEqual({ outcome: "no-ledger" });
        expect(await ledger.append(gone, [], { role: "driver", epoch: 1 })).toEqual({ outcome: "no-ledger" });
        expect(await ledger.committed(gone, "a")).toBeUndefined();
        expect(await all(ledger.replay(gone))).toEqual([]);
      }
    }));

    test("a job that is removed while others write leaves nothing behind", withFixture(async ({ engine: { ledger }, reopen }, job) => {
      const writes = Array.from({ length: 50 }, (_, index) => ledger.commit(job, `block-${index}`, record("one")));
      const removed = ledger.remove(job);
      const late = Array.from({ length: 50 }, (_, index) => [ledger.commit(job, `late-${index}`, record("one")), ledger.note(job, { index })]).flat();
      await Promise.all([removed, ...writes, ...late]);
      expect(await ledger.jobs()).not.toContain(job);
      if (reopen !== undefined) expect(await (await reopen()).ledger.jobs()).not.toContain(job);
    }));

    test("opening a job again keeps what it has", withFixture(async ({ engine: { ledger } }, job) => {
      await ledger.commit(job, "a", record("one"));
      await Promise.all([ledger.open(job), ledger.open(job)]);
      expect(await ledger.committed(job, "a")).toEqual(record("one"));
    }));

    test("replay gives everything in order, and can start in the middle", withFixture(async ({ engine: { ledger, leader } }, job) => {
      const leadership = await leader.acquire(`driver-${job}`, ttlMs);
      await decided(ledger.commit(job, "a", record("one")));
      await ledger.note(job, { failed: "b", worker: "w" });
      await ledger.append(job, [{ planned: 2 }, { planned: 3 }], leadership);
      await ledger.append(job, [], leadership);
      await decided(ledger.commit(job, "b", record("two")));
      const entries = await all(ledger.replay(job));
      expect(entries).toMatchObject([
        { kind: "commit", block: "a", record: record("one") },
        { kind: "note", record: { failed: "b", worker: "w" } },
        { kind: "append", role: leadership.role, epoch: leadership.epoch, records: [{ planned: 2 }, { planned: 3 }] },
        { kind: "append", role: leadership.role, epoch: leadership.epoch, records: [] },
        { kind: "commit", block: "b", record: record("two") },
      ]);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq).sort((a, b) => a - b));
      expect(await all(ledger.replay(job, entries[2]?.seq as number))).toEqual(entries.slice(2));
      expect(await all(ledger.replay(job, (entries[4]?.seq as number) + 1))).toEqual([]);
      await leadership.release();
    }));

    test("follow goes on with what comes, until the job is removed or nobody listens", withFixture(async ({ engine: { ledger } }, job) => {
      await decided(ledger.commit(job, "a", record("one")));
      const listening = new AbortController();
      const heard: string[] = [];
      const stopped = (async () => {
        for await (const entry of ledger.follow(job, listening.signal)) if (heard.push(entry.kind) === 2) listening.abort();
      })();
      const toTheEnd = all(ledger.follow(job, never));
      await decided(ledger.commit(job, "b", record("two")));
      await stopped;
      await ledger.note(job, { third: true });
      await eventually(async () => heard.length === 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await ledger.remove(job);
      expect((await toTheEnd).map(({ kind }) => kind)).toEqual(["commit", "commit", "note"]);
      expect(heard).toEqual(["commit", "commit"]);
    }));

    test("an engine opened anew knows everything that was accepted, and goes on", withFixture(async ({ engine, reopen }, job) => {
      if (reopen === undefined) return;
      const leadership = await engine.leader.acquire("driver", ttlMs);
      await Promise.all(Array.from({ length: 500 }, (_, index) => engine.ledger.commit(job, `block-${index}`, record(`attempt-${index}`))));
      await engine.ledger.note(job, { text: "ä\u2028\n\"" });
      await engine.ledger.append(job, [{ planned: true }], leadership);
      const gone = newJob();
      await engine.ledger.open(gone);
      await engine.ledger.commit(gone, "a", record("one"));
      await engine.ledger.remove(gone);
      const entries = await all(engine.ledger.replay(job));

      const again = await reopen();
      expect(await all(again.ledger.replay(job))).toEqual(entries);
      expect(await again.ledger.jobs()).not.toContain(gone);
      expect(await decided(again.ledger.commit(job, "block-7", record("late")))).toEqual({ outcome: "lost", winner: record("attempt-7") });
      expect(await decided(again.ledger.commit(job, "block-7", record("attempt-7")))).toMatchObject({ outcome: "accepted" });
      const more = await decided(again.ledger.commit(job, "more", record("one")));
      expect(more.outcome === "accepted" ? more.seq : 0).toBeGreaterThan(entries.at(-1)?.seq as number);
      const next = await again.leader.acquire("driver", ttlMs);
      expect(next.epoch).toBeGreaterThan(leadership.epoch);
      await again.ledger.append(job, [], next);
      expect(await again.ledger.append(job, [{ late: true }], leadership)).toEqual({ outcome: "deposed", epoch: next.epoch });
    }));
  });

  describe(`engine ${name}: leader`, () => {
    test("a role has one holder; the next one has a higher epoch", withFixture(async ({ engine: { leader } }, job) => {
      const role = `driver-${job}`;
      const first = await leader.acquire(role, ttlMs);
      const other = await leader.acquire(`other-${job}`, ttlMs);
      const waiting = leader.acquire(role, ttlMs);
      expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(() => resolve("waits"), ttlMs / 3))])).toBe("waits");
      expect(await first.renew()).toBe(true);
      expect(first.lost.aborted).toBe(false);
      await first.release();
      const second = await waiting;
      expect(second.epoch).toBeGreaterThan(first.epoch);
      expect(await first.renew()).toBe(false);
      await second.release();
      await other.release();
    }));

    test("who does not renew is replaced, and knows it", withFixture(async ({ engine: { leader } }, job) => {
      const first = await leader.acquire(job, ttlMs);
      for (let turn = 0; turn < 4; turn++) {
        await new Promise((resolve) => setTimeout(resolve, ttlMs / 3));
        expect(await first.renew()).toBe(true);
      }
      const second = await leader.acquire(job, ttlMs);
      expect(second.epoch).toBeGreaterThan(first.epoch);
      await eventually(async () => first.lost.aborted);
      expect(await first.renew()).toBe(false);
      await second.release();
    }));

    test("of many who want a role, each gets it once, one after the other", withFixture(async ({ engine: { leader } }, job) => {
      let holders = 0;
      const epochs: number[] = [];
      await Promise.all(Array.from({ length: 8 }, async () => {
        const leadership = await leader.acquire(job, 20 * ttlMs);
        expect(++holders).toBe(1);
        epochs.push(leadership.epoch);
        await new Promise((resolve) => setTimeout(resolve, 2));
        holders--;
        await leadership.release();
      }));
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    }));

    test("waiting for a role can be given up", withFixture(async ({ engine: { leader } }, job) => {
      const first = await leader.acquire(job, 20 * ttlMs);
      const giveUp = new AbortController();
      const waiting = leader.acquire(job, ttlMs, giveUp.signal);
      giveUp.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
      await first.release();
      await (await leader.acquire(job, ttlMs)).release();
    }));

    test("once a successor has written, a deposed leader's appends are refused, and its commits are not", withFixture(async ({ engine: { leader, ledger } }, job) => {
      const first = await leader.acquire(job, ttlMs);
      expect(await ledger.append(job, [{ by: 1 }], first)).toMatchObject({ outcome: "accepted" });
      const second = await leader.acquire(job, ttlMs);
      expect(await ledger.append(job, [], second)).toMatchObject({ outcome: "accepted" });
      expect(await ledger.append(job, [{ by: "late" }], first)).toEqual({ outcome: "deposed", epoch: second.epoch });
      expect(await ledger.append(job, [{ by: 2 }], second)).toMatchObject({ outcome: "accepted" });
      expect(await decided(ledger.commit(job, "a", record("of the first")))).toMatchObject({ outcome: "accepted" });
      const written = (await all(ledger.replay(job))).flatMap((entry) => (entry.kind === "append" ? entry.records : []));
      expect(written).toEqual([{ by: 1 }, { by: 2 }]);
      // Roles, and jobs, are fenced apart.
      const other = newJob();
      await ledger.open(other);
      expect(await ledger.append(other, [], first)).toMatchObject({ outcome: "accepted" });
      expect(await ledger.append(job, [], { role: `other-${job}`, epoch: first.epoch })).toMatchObject({ outcome: "accepted" });
      await second.release();
    }));

    test("no append of an earlier epoch stands behind one of a later epoch, however they race", withFixture(async ({ engine: { leader, ledger } }, job) => {
      const first = await leader.acquire(job, ttlMs);
      await first.release();
      const second = await leader.acquire(job, ttlMs);
      await Promise.all(Array.from({ length: 60 }, (_, index) => ledger.append(job, [{ index }], index % 3 === 1 ? second : first)));
      const epochs = (await all(ledger.replay(job))).flatMap((entry) => (entry.kind === "append" ? [entry.epoch] : []));
      expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      await second.release();
    }));
  });

  describe(`engine ${name}: queue`, () => {
    const task = (id: string, kind: string, priority = 5) => ({ id, class: kind, priority, body: { block: id } });

    test("gives out what was offered, the preferred class first, and not again once it is acknowledged", withFixture(async ({ engine: { queue } }, job) => {
      const [small, large] = [`${job}-small`, `${job}-large`];
      for (const id of ["a", "b", "c"]) expect(await queue.offer(task(`${job}-${id}`, small))).toBe("queued");
      expect(await queue.offer(task(`${job}-d`, large))).toBe("queued");
      const seen: string[] = [];
      for (let leases = await queue.pull([large, small], 2, 1000); leases.length > 0; leases = await queue.pull([large, small], 2, 50)) {
        expect(leases.length).toBeLessThanOrEqual(2);
        for (const lease of leases) {
          seen.push(lease.task.id);
          expect(lease.task.body).toEqual({ block: lease.task.id });
          expect(lease.deliveries).toBe(1);
          await lease.acknowledge();
        }
      }
      expect(seen[0]).toBe(`${job}-d`);
      expect(seen.toSorted()).toEqual(["a", "b", "c", "d"].map((id) => `${job}-${id}`));
    }));

    test("waits for a task, but no longer than asked", withFixture(async ({ engine: { queue } }, job) => {
      expect(await queue.pull([job], 1, 0)).toEqual([]);
      const waiting = queue.pull([job], 1, 5000);
      await queue.offer(task(`${job}-a`, job));
      const [lease] = await waiting;
      expect(lease?.task.id).toBe(`${job}-a`);
      await lease?.acknowledge();
      const giveUp = new AbortController();
      const idle = queue.pull([job], 1, 60_000, giveUp.signal);
      giveUp.abort(new Error("enough"));
      await expect(idle).rejects.toThrow("enough");
    }));

    test("what is given back comes again, later where asked", withFixture(async ({ engine: { queue } }, job) => {
      await queue.offer(task(`${job}-a`, job));
      const [first] = await queue.pull([job], 1, 1000);
      await first?.giveBack();
      const [second] = await queue.pull([job], 1, 1000);
      expect(second?.task.id).toBe(`${job}-a`);
      expect(second?.deliveries).toBe(2);
      const began = performance.now();
      await second?.giveBack(100);
      const [third] = await queue.pull([job], 1, 5000);
      expect(third?.deliveries).toBe(3);
      expect(performance.now() - began).toBeGreaterThan(90);
      await third?.acknowledge();
    }));

    test.skipIf(leaseMs === undefined)("what nobody extends or acknowledges comes again", withFixture(async ({ engine: { queue } }, job) => {
      const lease = leaseMs as number;
      expect(queue.leaseMs).toBe(lease);
      await queue.offer(task(`${job}-a`, job));
      const [first] = await queue.pull([job], 1, 1000);
      for (let turn = 0; turn < 4; turn++) {
        await new Promise((resolve) => setTimeout(resolve, lease / 2));
        await first?.extend();
      }
      expect(await queue.pull([job], 1, 0)).toEqual([]);
      const [second] = await queue.pull([job], 1, 4 * lease);
      expect(second?.task.id).toBe(`${job}-a`);
      expect(second?.deliveries).toBe(2);
      await second?.acknowledge();
    }));
  });

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
      await new Promise((resolve) => setTimeout(resolve, 1.5 * graceMs));
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

  test(`engine ${name}: once closed it writes nothing`, withFixture(async ({ engine }, job) => {
    expect(engine.status()).toEqual({ state: "running" });
    const last = engine.ledger.commit(job, "a", record("one"));
    await engine.close();
    expect(await last).toMatchObject({ outcome: "accepted" });
    await expect(engine.ledger.commit(job, "b", record("one"))).rejects.toSatisfy((error) => ShoalError.is(error, "engine-closed"));
    await expect(engine.ledger.open(newJob())).rejects.toSatisfy((error) => ShoalError.is(error, "engine-closed"));
  }));
}

async function all(entries: AsyncIterable<LedgerEntry>): Promise<LedgerEntry[]> {
  const list: LedgerEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

/** An engine under no strain decides. */
async function decided(answer: Promise<CommitOutcome>): Promise<Exclude<CommitOutcome, { outcome: "undecided" }>> {
  const outcome = await answer;
  if (outcome.outcome === "undecided") throw outcome.reason;
  return outcome;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200 && !(await holds()); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await holds()).toBe(true);
}
