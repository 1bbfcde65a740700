// What a gateway does while its store is away: it pauses, says why, and goes on.
import { memoryEngine } from "@shoal/cluster";
import { s3Blobs } from "@shoal/cluster/stores";
import { decodeBlock } from "@shoal/core/arrow";
import { FakeClock } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { closeLater, openGateway, passUntil } from "../cluster/open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver } from "../cluster/scripted-driver.ts";
import { doubles, ScriptedWorker, twice } from "../cluster/scripted-worker.ts";
import { startFakeS3 } from "./fake-s3.ts";

test("a store that is away pauses the job, and loses nothing", async () => {
  const fake = await startFakeS3();
  onTestFinished(() => fake[Symbol.asyncDispose]());
  let isAway = true;
  fake.fault = () => (isAway ? "reset" : undefined);
  const clock = new FakeClock();
  const notices: string[] = [];
  const opened = await openGateway({ clock, engine: { ...memoryEngine({ clock }), blobs: s3Blobs({ ...fake.options, clock, random: () => 0.5, requestMs: 3_600_000 }) }, onNotice: (message) => notices.push(message) });
  closeLater(opened);
  const { gateway } = opened;
  const blocks = numbers(8);
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const workers = ["a", "b"].map((name) => new ScriptedWorker(name, { script: () => "silent" }).connect(gateway));
  await passUntil(clock, () => workers.every(({ tasks }) => tasks.length > 0));
  for (const worker of workers) {
    worker.script = doubles;
    for (const leased of worker.tasks) void worker.result(leased, twice(decodeBlock(blockBytes(blocks[leased.task.block] ?? []))));
  }
  await passUntil(clock, () => gateway.snapshot().paused !== undefined);
  expect(gateway.snapshot().paused).toMatch(/s3:\/\/fake\/ at http:\/\/127\.0\.0\.1:\d+: after 5 tries there was no answer.*goes on by itself/s);
  expect([driver.done.size, fake.objects.size]).toEqual([0, 0]);
  isAway = false;
  await passUntil(clock, () => driver.done.size === blocks.length);
  expect(gateway.snapshot().paused).toBeUndefined();
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(notices).toEqual([expect.stringContaining("Nothing can be stored now"), expect.stringContaining("goes on")]);
  expect(Array.from(fake.objects.keys()).every((name) => name.startsWith("blobs/"))).toBe(true);
});
