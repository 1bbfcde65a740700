// oxlint-disable vitest/no-conditional-expect -- a busy machine may lose what it holds
import { describe, expect, test } from "vitest";
import { all, decided, eventually, newJob, pause, record, type EngineSuite } from "./engine-fixture.ts";

export function testLeader({ name, withFixture, capabilities: { ttlMs } }: EngineSuite): void {
  describe(`engine ${name}: leader`, () => {
    test("a role has one holder; the next one has a higher epoch", withFixture(async ({ engine: { leader } }, job) => {
      const role = `driver-${job}`;
      const first = await leader.acquire(role, 20 * ttlMs);
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
      let first = await leader.acquire(job, ttlMs);
      let lastRenewed = performance.now();
      for (let turn = 0; turn < 4; turn++) {
        await pause(ttlMs / 3);
        const isRenewed = await first.renew();
        // On a machine that was busy for so long it is rightly lost.
        if (!isRenewed && performance.now() - lastRenewed > ttlMs) first = await leader.acquire(job, ttlMs);
        else expect(isRenewed).toBe(true);
        lastRenewed = performance.now();
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
        await pause(2);
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
}
