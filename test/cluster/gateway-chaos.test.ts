import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGateway, type Engine, type Gateway } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { columnValues, requireColumn } from "@shoal/core";
import { FakeClock, seededRandom, withSwallowedReplies } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, type Script } from "./scripted-worker.ts";

const blocks = numbers(40);
/** Fails at every worker: given up, and alone. */
const poison = 50;

/** `SHOAL_SEED=7` runs one, `SHOAL_SEEDS=200` more of them. Hashes and the disk take what time they take: a seed is a mixture of faults, no replay. */
const seeds = process.env["SHOAL_SEED"] === undefined ? Array.from({ length: Number(process.env["SHOAL_SEEDS"] ?? 6) }, (_, seed) => seed + 1) : [Number(process.env["SHOAL_SEED"])];

test.each(seeds)("seed %i: every row once, whoever is cut off, killed, answered twice or not at all", { timeout: 120_000 }, async (seed) => {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "shoal-chaos-"));
  const clock = new FakeClock();
  let engine: Engine | undefined;
  onTestFinished(async () => {
    await engine?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let gateway: Gateway | undefined;
  const start = async (): Promise<Gateway> => {
    await engine?.close();
    const opened = await openEmbeddedEngine(folder, { clock });
    engine = { leader: opened.leader, queue: opened.queue, blobs: opened.blobs, keepsLedgers: opened.keepsLedgers, status: () => opened.status(), close: () => opened.close(),
      ledger: withSwallowedReplies(opened.ledger, () => (random.chance(0.9) ? "answered" : random.chance(0.5) ? "reply-lost" : "request-lost")) };
    return createGateway({ engine, clock, random: () => random.next(), secret: new Uint8Array(32).fill(7), name: "chaos", settings: { strikes: 1e9 } });
  };

  const script: Script = (block, leased) => {
    if (columnValues(requireColumn(block, "n")).includes(poison)) return { fails: "poison" };
    if (random.chance(0.05)) return "silent";
    return random.chance(0.03) ? { fails: "bad-luck" } : doubles(block, leased);
  };
  gateway = await start();
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const workers = ["a", "b", "c", "d"].map((name) => new ScriptedWorker(name, { script }).connect(gateway as Gateway));
  let steps = 0;
  let restarting = false;
  const reconnect = (worker: ScriptedWorker): void => {
    if (gateway === undefined) return;
    worker.disconnect();
    worker.connect(gateway).present();
  };
  let restarted: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    const next = (gateway = await start());
    for (const worker of workers) reconnect(worker);
    driver.connect(next);
    restarting = false;
  };
  await passUntil(clock, () => {
    steps++;
    if (restarting || gateway === undefined) return false;
    for (const worker of workers) {
      worker.say({ kind: "beat", rows: 0, state: "waiting" });
      if (worker.isClosed || random.chance(0.01)) reconnect(worker);
      // What nobody answered for long is sent again.
      else if (random.chance(0.02)) worker.present();
    }
    if (driver.isClosed || random.chance(0.005)) {
      driver.disconnect();
      driver.connect(gateway);
    }
    if (steps % 40 === 20 && driver.done.size < blocks.length && random.chance(0.7)) {
      restarting = true;
      restarted = restart();
    }
    return driver.done.size === blocks.length;
  }, 200);
  await restarted;
  const rows = blocks.flatMap((block, number) => {
    const parts = driver.parts(number);
    const last = parts.findLastIndex(({ message }) => message.first === 0);
    return parts.slice(last).flatMap(({ message, values }) => (message.error === undefined ? values : block.slice(message.first, message.first + message.rows).map((n) => `${n} was given up: ${message.error?.code}`)));
  });
  const expected = blocks.flat().map((n) => 2 * n as unknown);
  expect(rows).toHaveLength(expected.length);
  expect(rows[poison]).toBe(`${poison} was given up: poison`);
  // Rows that had bad luck at three workers in a row are given up by name; no other row is missing or another's.
  expect(rows.filter((row, at) => row !== expected[at] && !String(row).startsWith(`${at} was given up`))).toEqual([]);
});
