import { blockFromRows, ShoalError } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { fleetOfOne, ids, segmentOf, valuesOf } from "./fleet-of-one.ts";
import { attemptOf, until } from "./scripted-gateway.ts";

const moduleSpec = { kind: "module", name: "score", module: "file:///job.ts", export: "score", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"] } as const;
const code = { sha256: "c0de", bytes: 10 };

describe("a model that can't be loaded", () => {
  test("fails its tasks here, not the job; later ones are tried anew, ever more rarely", async () => {
    let broken = true;
    const { gateway, clock, host } = fleetOfOne({}, {}, {
      load: () => (broken ? Promise.reject(new ShoalError("download-failed", "no such host", { failure: "bug" })) : Promise.resolve()),
    });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 }, { block: 1, rows: ids(0, 2), attempt: 2 }, { block: 2, rows: ids(0, 2), attempt: 3 }, { block: 3, rows: ids(30, 2), attempt: 4 });
    const { message } = await connection.next("failed");
    expect(message).toMatchObject({ attempt: attemptOf(1), failure: "worker-lost", error: { code: "download-failed" } });
    expect(message.error.stack).toBeUndefined();
    await until(() => connection.all("failed").length === 3);
    const spawned = host.spawned;
    await clock.advance(700);
    expect(host.spawned).toBe(spawned);
    broken = false;
    expect(valuesOf((await connection.next("result", clock)).payload)).toEqual([60, 62]);
  });

  test("nor anywhere else: that is a bug of the job", async () => {
    const { gateway } = fleetOfOne({}, {}, { load: () => Promise.reject(new ShoalError("unsupported-model", "of another kind", { failure: "bug" })) });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    expect((await connection.next("failed")).message).toMatchObject({ failure: "bug", error: { code: "unsupported-model" } });
  });
});

test("a row that ends actors is found on this machine, and is a failure of its row", async () => {
  const { gateway, clock, host } = fleetOfOne({}, { deadly: (id) => id === 5 });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease({ block: 0, rows: ids(0, 8), attempt: 1 });
  const { message, payload } = await connection.next("result", clock);
  expect(message.failures).toMatchObject([{ row: 5, error: { code: "worker-lost" } }]);
  expect(valuesOf(payload)).toEqual([0, 2, 4, 6, 8, 12, 14]);
  expect(host.crashed).toBeGreaterThan(1);
});

test("actors that die whatever they get fail the tasks as lost workers", async () => {
  let sound = false;
  const { gateway, clock } = fleetOfOne({}, { chance: () => (sound ? undefined : "crash") });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease({ block: 0, rows: ids(0, 64), attempt: 1 });
  expect((await connection.next("failed", clock)).message).toMatchObject({ attempt: attemptOf(1), failure: "worker-lost", error: { code: "actors-keep-dying" } });
  sound = true;
  connection.lease({ block: 0, rows: ids(0, 2), attempt: 2 });
  expect((await connection.next("result", clock)).message.attempt).toEqual(attemptOf(2));
});

test("a model that did not come with the job is loaded only where the worker takes it", async () => {
  const { gateway, host } = fleetOfOne({ takesModel: () => false });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
  expect((await connection.next("failed")).message).toMatchObject({ failure: "worker-lost", error: { code: "model-not-allowed" } });
  expect(host.spawned).toBe(0);
});

describe("predictors that come as code", () => {
  test("are refused by a worker that runs none, and the next task is done", async () => {
    const { gateway, host } = fleetOfOne({ codeUrl: () => "file:///cache/c0de.js" });
    const { connection } = await gateway.connected(1, segmentOf({ spec: moduleSpec }, { description: { code } } as never), segmentOf({}, { segment: 1 }));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 }, { block: 0, rows: ids(0, 2), attempt: 2, segment: 1 });
    expect((await connection.next("failed")).message).toMatchObject({ failure: "worker-lost", error: { code: "code-not-allowed", hint: expect.stringContaining("--allow-code") as string } });
    await connection.next("result");
    expect(host.spawned).toBe(1);
  });

  test("run from where the code was put, once it is there; all of their columns are sent", async () => {
    const traits = { label: "a test", host: "machine", runtime: "node", devices: ["cpu"], cpus: 4, gpus: 0, memoryBytes: 2 ** 30, models: [], runsCode: true } as const;
    let fetched: (url: string) => void = () => {};
    const { gateway, host } = fleetOfOne({ traits, codeUrl: ({ sha256 }, { key }) => new Promise((resolve) => (fetched = () => resolve(`file:///cache/${sha256}-${key}.js`))) });
    const { connection } = await gateway.connected(1, segmentOf({ spec: moduleSpec }, { description: { code } } as never));
    connection.lease({ block: 0, rows: blockFromRows([{ id: 1 }]), attempt: 1 });
    await until(() => connection.all("beat").some(({ state }) => state === "loading"));
    fetched("");
    expect(valuesOf((await connection.next("result")).payload)).toEqual([2]);
    expect(host.requests[0]).toMatchObject({ device: "cpu", spec: { module: "file:///cache/c0de-key.js", export: "score" } });
  });
});

test("bytes that are no block, and a segment that was never told, fail their tasks alone", async () => {
  const { gateway } = fleetOfOne();
  const { connection } = await gateway.connected(1, segmentOf());
  const task = { job: "job", segment: 0, block: 0, first: 0, rows: 1 };
  connection.send({ kind: "lease", lease: 1, leaseMs: 1, duplicate: false, tasks: [{ task, attempt: attemptOf(1), bytes: 3 }] });
  connection.send({ kind: "block", task, attempt: attemptOf(1) }, new Uint8Array([1, 2, 3]));
  expect((await connection.next("failed")).message.error.code).toBe("bad-block");
  connection.lease({ block: 0, rows: ids(0, 1), attempt: 2, segment: 9 }, { block: 1, rows: ids(0, 1), attempt: 3 });
  expect((await connection.next("failed")).message.error.code).toBe("bad-message");
  await connection.next("result");
});
