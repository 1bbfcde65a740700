// oxlint-disable vitest/no-conditional-expect -- a busy machine may lose what it holds
import { describe, expect, test } from "vitest";
import { pause, type EngineSuite } from "./engine-fixture.ts";

export function testQueue({ name, withFixture, capabilities: { leaseMs } }: EngineSuite): void {
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
      let longestMs = 0;
      for (let turn = 0, extended = performance.now(); turn < 4; turn++) {
        await pause(lease / 2);
        await first?.extend();
        longestMs = Math.max(longestMs, performance.now() - extended);
        extended = performance.now();
      }
      // On a machine that was busy for so long it is rightly over.
      if (longestMs < lease) expect(await queue.pull([job], 1, 0)).toEqual([]);
      const [second] = await queue.pull([job], 1, 4 * lease);
      expect(second?.task.id).toBe(`${job}-a`);
      expect(second?.deliveries).toBe(2);
      await second?.acknowledge();
    }));
  });
}
