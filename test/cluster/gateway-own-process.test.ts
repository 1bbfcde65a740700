// Driver and worker in the gateway's own process: what they send arrives as the very bytes, which is how they know the block again that these were made of (connection/own-blocks).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryEngine, type Channel, type Engine } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { FakeClock } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";

class Payloads {
  readonly toGateway: Uint8Array[] = [];
  readonly fromGateway: Uint8Array[] = [];

  /** Sees what goes through the gateway's end of a link. */
  readonly watch = <C extends Channel<never, never>>(far: C): C => {
    const watched: Channel<never, never> = {
      send: (header, payload) => {
        if (payload !== undefined) this.fromGateway.push(payload);
        far.send(header, payload);
      },
      get bufferedBytes() {
        return far.bufferedBytes;
      },
      close: () => far.close(),
      listen: (listener) =>
        far.listen({ closed: (reason) => listener.closed(reason), message: (header, payload) => {
          if (payload !== undefined) this.toGateway.push(payload);
          listener.message(header, payload);
        } }),
    };
    return watched as C;
  };
}

async function embedded(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "shoal-own-"));
  const engine = await openEmbeddedEngine(folder);
  onTestFinished(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return engine;
}

test.each([
  ["in memory, of a job that goes with its driver", async (clock: FakeClock) => memoryEngine({ clock }), true],
  ["in memory", async (clock: FakeClock) => memoryEngine({ clock }), false],
  ["kept in a folder", embedded, false],
] as const)("rows and results %s are the very bytes that were sent", async (_, open, passing) => {
  const clock = new FakeClock();
  const opened = await openGateway({ clock, engine: await open(clock), trustsOwnWorkers: true });
  closeLater(opened);
  const [drivers, workers] = [new Payloads(), new Payloads()];
  const driver = new ScriptedDriver({ wrap: drivers.watch, description: passing ? { passing } : {} }).connect(opened.gateway);
  new ScriptedWorker("a", { wrap: workers.watch }).connect(opened.gateway);
  let isFinished = false;
  void driver.finished().then(() => (isFinished = true));
  await passUntil(clock, () => isFinished);
  expect(drivers.toGateway).toHaveLength(driver.blocks.length);
  expect(workers.fromGateway).toHaveLength(driver.blocks.length);
  for (const payload of workers.fromGateway) expect(drivers.toGateway.includes(payload)).toBe(true);
  expect(drivers.fromGateway).toHaveLength(driver.blocks.length);
  for (const payload of drivers.fromGateway) expect(workers.toGateway.includes(payload)).toBe(true);
});
