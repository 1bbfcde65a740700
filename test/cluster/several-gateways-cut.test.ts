// What is computed twice when gateways can't reach the engine for a while, and come back.
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { severalGateways } from "./several-gateways.ts";

const blocks = numbers(1_200);
const workMs = 20;
const cutMs = 20_000;

interface Cut {
  readonly what: string;
  /** Which gateways; the home is 0. */
  readonly cut: readonly number[];
  readonly ms: number;
}

const cuts: readonly Cut[] = [
  { what: "a guest is cut off", cut: [1], ms: cutMs },
  { what: "the home is cut off", cut: [0], ms: cutMs },
  { what: "the engine is away for all", cut: [0, 1, 2], ms: 30_000 },
];

test.each(cuts)("$what for $ms ms: hardly a block is computed twice", { timeout: 120_000 }, async ({ cut, ms }) => {
  const several = await severalGateways(3);
  const { clock } = several;
  const { token } = await several.at(0).gateway.invite(["work", "submit"]);
  const outside = { origin: { address: "192.0.2.1" }, hello: { token } };
  const workers = several.gateways.map((gateway, at) => several.connect(new ScriptedWorker(`worker ${at}`, { pace: { clock, ms: workMs }, presents: true, ...outside }), gateway));
  const driver = several.connect(new ScriptedDriver({ blocks, ...outside }), several.at(0));
  const dialAt = new Map<ScriptedWorker | ScriptedDriver, number>();
  const redial = (client: ScriptedWorker | ScriptedDriver): void => {
    if (!client.isClosed) return;
    const at = dialAt.get(client);
    // As agents do, a moment later.
    if (at === undefined) return void dialAt.set(client, clock.now() + 400);
    if (clock.now() < at) return;
    dialAt.delete(client);
    const key = client.heard.flatMap((heard) => ("message" in heard ? (heard.message.kind === "welcome" ? [heard.message.key] : []) : heard.kind === "welcome" ? [heard.key] : [])).at(-1);
    const before = several.gateways.findIndex(({ gateway }) => gateway === several.homeOf(client));
    several.connect(client, several.at((before + 1) % several.gateways.length), key === undefined ? {} : { key });
  };
  let mends: (() => void)[] | undefined;
  let mendAt = Infinity;
  let beatAt = 0;
  await passUntil(clock, () => {
    for (const client of [driver, ...workers]) redial(client);
    if (clock.now() >= beatAt) {
      beatAt = clock.now() + 1_000;
      for (const worker of workers) worker.beat();
    }
    if (mends === undefined && driver.done.size > blocks.length / 2) {
      mends = cut.map((index) => several.at(index).cutOff());
      mendAt = clock.now() + ms;
    }
    if (clock.now() >= mendAt) for (const mend of mends?.splice(0) ?? []) mend();
    return driver.done.size === blocks.length;
  }, 20, 110_000);
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  const computed = workers.reduce((sum, worker) => sum + worker.computed, 0);
  expect(computed - blocks.length).toBeLessThanOrEqual(0.01 * blocks.length);
});
