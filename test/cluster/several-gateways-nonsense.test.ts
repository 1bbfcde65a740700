// What stands in the engine was written by somebody else: nonsense in the ledger and in the queue costs no row, no gateway and no job that it does not decide.
import type { Json, JsonObject } from "@shoal/core";
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { severalGateways } from "./several-gateways.ts";

const hash = "a".repeat(64);
const strange: readonly unknown[] = [null, -1, 1e308, "", "x".repeat(3_000), [], {}, [null], [[[]]], { toString: 1 }];

function notes(): JsonObject[] {
  const said: JsonObject[] = [{}, { kind: "joined" }, { kind: "unknown", gateway: 1 }];
  for (const value of strange as readonly Json[]) {
    said.push(
      { kind: "joined", gateway: value }, { kind: "holds", gateway: 77, tasks: value }, { kind: "holds", gateway: 77, tasks: [value, "0-0-0-4"] },
      { kind: "failed", gateway: 77, home: value, task: value, row: value, error: { code: value, message: value, failure: value } }, { kind: "failed", gateway: 77, home: 1, task: 0, error: value },
      { kind: "claim", gateway: 77, key: value, epoch: value, number: value, worker: value, input: hash, sha256: hash, rows: value, failed: value, about: value },
      { kind: "claim", gateway: 77, key: "0-1-0-4", epoch: value, number: value, worker: value, input: hash, sha256: "../../x", rows: value, failed: value, about: value },
      { kind: "wanted", job: "job", gateway: 77, driver: value, proven: value }, { kind: "kept", job: "job", gateway: 77, to: value }, { kind: "helped", job: value, gateway: 77 },
    );
  }
  return said;
}

test("a job whose ledger and queue are full of nonsense ends with the rows of one machine", async () => {
  const several = await severalGateways(2);
  const { engine, clock } = several;
  const blocks = numbers(60);
  const workers = [0, 1].map((index) => several.connect(new ScriptedWorker(`worker ${index}`, { pace: { clock, ms: 200 } }), several.at(index)));
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await passUntil(clock, () => driver.done.size > 4);
  for (const note of notes()) for (const ledger of ["job", "~coordinator"]) await engine.ledger.note(ledger, note);
  let id = 0;
  for (const value of strange as readonly Json[]) {
    const offer = (name: string, body: JsonObject) => engine.queue.offer({ id: `nonsense ${id++}`, class: name, priority: 1, body });
    for (const field of ["gateway", "class", "blocks", "memoryBytes", "cpus", "gpus", "models", "volunteer"]) await offer("want-cpu", { gateway: 77, class: "cpu", blocks: 1, memoryBytes: 0, cpus: 0, gpus: 0, models: [], [field]: value });
    for (const field of ["job", "description", "segment", "home", "by", "at", "tasks"]) await offer("cpu", { job: "job", description: hash, segment: 0, home: 77, by: "", at: 0, tasks: [[0, 0, 4, hash, 1]], [field]: value });
    await offer("cpu-own", { job: "job", description: hash, segment: 0, home: 77, by: "", at: 0, tasks: [[value, value, value, value, value]] });
    // Of what is there, with rows that are not.
    await offer("cpu-own", { job: "job", description: hash, segment: 9, home: 77, by: "", at: 0, tasks: [[Number.MAX_SAFE_INTEGER, 0, 4, hash, Number.MAX_SAFE_INTEGER], [3, 0, 4, hash, 2], [3, 1, 2, hash, 3, 4]] });
  }
  await passUntil(clock, () => {
    for (const worker of workers) worker.beat();
    return driver.done.size === blocks.length || driver.all("job-failed").length > 0;
  }, 500);
  expect(driver.all("job-failed")).toEqual([]);
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
});

test("a task that no guest can take goes, after a while", async () => {
  const several = await severalGateways(2);
  const { engine, clock } = several;
  const worker = several.connect(new ScriptedWorker("worker"), several.at(1));
  await engine.queue.offer({ id: "lost", class: "cpu", priority: 1, body: { job: "unknown", description: hash, segment: 0, home: 77, by: "", at: 0, tasks: [[0, 0, 4, hash, 1]] } });
  await passUntil(clock, () => {
    worker.beat();
    return clock.now() > 120_000;
  }, 500);
  expect(await engine.queue.pull(["cpu"], 1, 0)).toEqual([]);
});

test("an entry for a block that says nothing ends its job with an error that says so", async () => {
  const several = await severalGateways(1);
  const driver = several.connect(new ScriptedDriver({ blocks: numbers(4) }), several.at(0));
  await passUntil(several.clock, () => driver.offered > 0);
  await several.engine.ledger.commit("job", "0-0-0-4", { attempt: "unreadable" });
  several.connect(new ScriptedWorker("worker"), several.at(0));
  await passUntil(several.clock, () => driver.all("job-failed").length > 0, 500);
  expect(driver.all("job-failed")).toMatchObject([{ error: { code: "ledger-unreadable" } }]);
});
