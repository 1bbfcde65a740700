import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { testBlobStore } from "./blob-store-suite.ts";
import { newJob, record, type EngineCapabilities, type EngineFixture, type EngineSuite } from "./engine/engine-fixture.ts";
import { testLeader } from "./engine/leader-suite.ts";
import { testLedger } from "./engine/ledger-suite.ts";
import { testQueue } from "./engine/queue-suite.ts";

export type { EngineCapabilities, EngineFixture } from "./engine/engine-fixture.ts";

/** What every Engine must do. @param open Called for each test. */
export function testEngine(name: string, open: () => Promise<EngineFixture> | EngineFixture, { blocks = 2000, ttlMs = 300, ...capabilities }: EngineCapabilities = {}): void {
  const withFixture: EngineSuite["withFixture"] = (check) => async () => {
    const fixture = await open();
    try {
      const job = newJob();
      await fixture.engine.ledger.open(job);
      await check(fixture, job);
    } finally {
      await fixture[Symbol.asyncDispose]?.();
    }
  };
  const suite: EngineSuite = { name, withFixture, capabilities: { ...capabilities, blocks, ttlMs } };
  testLedger(suite);
  testLeader(suite);
  testQueue(suite);
  testBlobStore(`engine ${name}`, async () => {
    const { engine, reopen, damageBlob, [Symbol.asyncDispose]: dispose } = await open();
    return {
      blobs: engine.blobs,
      ...(reopen !== undefined && { reopen: async () => (await reopen()).blobs }),
      ...(damageBlob !== undefined && { damageBlob }),
      ...(dispose !== undefined && { [Symbol.asyncDispose]: dispose }),
    };
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
