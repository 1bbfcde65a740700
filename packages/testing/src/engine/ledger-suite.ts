// oxlint-disable vitest/no-conditional-expect -- who wins a race is not known before, nor what an adapter can be asked for
import { commitUntilDecided } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { withSwallowedReplies } from "../swallowed-replies.ts";
import { all, decided, eventually, never, newJob, pause, record, type EngineSuite } from "./engine-fixture.ts";

export function testLedger({ name, withFixture, capabilities: { blocks, ttlMs } }: EngineSuite): void {
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
      await pause(20);
      await ledger.remove(job);
      expect((await toTheEnd).map(({ kind }) => kind)).toEqual(["commit", "commit", "note"]);
      expect(heard).toEqual(["commit", "commit"]);
    }));

    test("an engine opened anew knows everything that was accepted, and goes on", withFixture(async ({ engine, reopen }, job) => {
      expect(engine.keepsLedgers).toBe(reopen !== undefined);
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
}
