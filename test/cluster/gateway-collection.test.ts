// What goes when nobody needs it any more, and what it costs to find that out.
import { memoryEngine, type Engine } from "@shoal/cluster";
import { FakeClock } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { until } from "./until.ts";

const hourMs = 3_600_000;

/** An engine that says which ledgers were replayed. */
function watchedEngine(clock: FakeClock): { readonly engine: Engine; readonly replayed: string[] } {
  const engine = memoryEngine({ clock });
  const replayed: string[] = [];
  const { ledger } = engine;
  const replay = ledger.replay.bind(ledger);
  ledger.replay = (job, fromSeq) => {
    if (fromSeq === undefined) replayed.push(job);
    return replay(job, fromSeq);
  };
  return { engine, replayed };
}

test("a ledger in which nothing was ever written goes with the second hour; one that somebody leads stays", async () => {
  const clock = new FakeClock();
  const { engine } = watchedEngine(clock);
  const opened = await openGateway({ clock, engine });
  closeLater(opened);
  for (const job of ["left", "led"]) await engine.ledger.open(job);
  const role = await engine.leader.acquire("job led", 24 * hourMs);
  await passUntil(clock, () => clock.now() > hourMs, 60_000);
  expect(await engine.ledger.jobs()).toEqual(expect.arrayContaining(["left", "led"]));
  await passUntil(clock, () => clock.now() > 2 * hourMs, 60_000);
  await expect.poll(() => engine.ledger.jobs()).not.toContain("left");
  expect(await engine.ledger.jobs()).toContain("led");
  await role.release();
});

test("jobs that end one after the other don't have all ledgers read each time, and one reading is enough", async () => {
  const clock = new FakeClock();
  const { engine, replayed } = watchedEngine(clock);
  const opened = await openGateway({ clock, engine });
  closeLater(opened);
  const { gateway } = opened;
  const kept = new ScriptedDriver({ job: "kept", blocks: numbers(1) }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await kept.finished();
  kept.disconnect();
  replayed.length = 0;
  for (const job of ["one", "two", "three"]) {
    const driver = new ScriptedDriver({ job, blocks: numbers(1) }).connect(gateway);
    await driver.finished();
    driver.say({ kind: "published", job });
    await expect.poll(() => engine.ledger.jobs()).not.toContain(job);
  }
  await until(() => replayed.includes("kept"));
  expect(replayed.filter((job) => job === "kept")).toHaveLength(1);
});
