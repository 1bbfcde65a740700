import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, expect, test, vi } from "vitest";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import type { RemoteJobSettings, RemoteRunner } from "@shoal/executor";
import { localMachine } from "#platform";
import { fromItems } from "../index.ts";
import { sentiment } from "../tiny-models.ts";
import { textClassification } from "../transformers.ts";
import { connect } from "./connect.ts";
import { newFolder } from "./new-folder.ts";
import { share, shareFor } from "./share.ts";

test("a job that somebody else brings by the dashboard's link gets its model over HTTP", { timeout: 120_000 }, async () => {
  const shared = await share({ resources: { cpus: 1 } });
  onTestFinished(() => shared[Symbol.asyncDispose]());
  await using other = await connect(await shared.coordinator.link(["observe", "submit"], { page: "dashboard" }));
  const reviews = fromItems([{ text: "I love this film." }, { text: "The food was terrible." }]).mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { device: "cpu" });
  const rows = await reviews.takeAll(Infinity, { on: other, resources: { cpus: 0 } });
  expect(rows.map(({ label }) => label)).toEqual(["POSITIVE", "NEGATIVE"]);
  expect(reviews.stats()).toMatch(/rows by worker: this machine 2/);
});

test("of what will be run first the actors start while the coordinator does, and end with it", { timeout: 60_000 }, async () => {
  const steps = fromItems([{ text: "I love this film." }])
    .mapBatches(textClassification({ model: sentiment, input: "text", output: "sentiment" }), { device: "cpu", concurrency: 2 })
    .mapBatches(textClassification({ model: sentiment, input: "text", output: "again" }));
  let plan: RemoteJobSettings["plan"];
  const looks: RemoteRunner = { name: "nobody", openJob: async (settings) => Promise.reject(new Error(`planned ${(plan = settings.plan)?.kind}`)) };
  await expect(steps.takeAll(Infinity, { on: looks })).rejects.toThrow("planned");
  const prepared: (readonly [string, number])[] = [];
  const create = localMachine.createHost.bind(localMachine);
  const created = vi.spyOn(localMachine, "createHost").mockImplementation((log) => {
    const host = create(log);
    return { ...host, prepare: (spec, actors) => {
      prepared.push([spec.kind === "declarative" ? spec.adds.join() : spec.kind, actors]);
      host.prepare?.(spec, actors);
    } };
  });
  onTestFinished(() => created.mockRestore());
  await using shared = await shareFor(plan, { resources: { cpus: 2 } });
  // One step is computed at a time.
  expect(prepared).toEqual([["sentiment", 2]]);
  expect(await steps.takeAll(Infinity, { on: shared.cluster })).toHaveLength(1);
  const failing = vi.spyOn(localMachine.devices, "candidates").mockRejectedValueOnce(new Error("no devices"));
  onTestFinished(() => failing.mockRestore());
  await expect(shareFor(plan, { resources: { cpus: 2 } })).rejects.toThrow("no devices");
});

test("nothing stays open where the devices of this machine can't be told, or where its coordinator does not close as it should", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-share-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const asked = vi.spyOn(localMachine.devices, "candidates").mockRejectedValueOnce(new Error("no devices"));
  onTestFinished(() => asked.mockRestore());
  await expect(share({ folder, resources: { cpus: 1 } })).rejects.toThrow("no devices");
  // Whoever held the folder would keep this one out.
  const shared = await share({ folder, resources: { cpus: 1 } });
  const { coordinator } = shared;
  const close = coordinator.close.bind(coordinator);
  coordinator.close = async (options) => {
    await close(options);
    throw new Error("the disk is gone");
  };
  await expect(shared[Symbol.asyncDispose]()).rejects.toThrow("the disk is gone");
});

test("a start that fails leaves no folder behind, and one that was there as it was", { timeout: 60_000 }, async () => {
  const beside = mkdtempSync(join(tmpdir(), "shoal-share-"));
  onTestFinished(() => rmSync(beside, { recursive: true, force: true }));
  const taken = createServer();
  onTestFinished(() => void taken.close());
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  const folder = join(beside, ".stories.shoal-share");
  const started = (): Promise<unknown> => share({ folder, port, resources: { cpus: 1 } });
  await expect(started()).rejects.toMatchObject({ code: "port-taken" });
  expect(existsSync(folder)).toBe(false);
  mkdirSync(folder);
  writeFileSync(join(folder, "kept"), "");
  await expect(started()).rejects.toMatchObject({ code: "port-taken" });
  expect(existsSync(join(folder, "kept"))).toBe(true);
});

test("of two shares of one folder the one that comes too late leaves the other's in place", { timeout: 60_000 }, async () => {
  const beside = mkdtempSync(join(tmpdir(), "shoal-share-"));
  onTestFinished(() => rmSync(beside, { recursive: true, force: true }));
  const folder = join(beside, ".stories.shoal-share");
  const both = await Promise.allSettled([share({ folder, resources: { cpus: 1 } }), share({ folder, resources: { cpus: 1 } })]);
  for (const one of both) if (one.status === "fulfilled") onTestFinished(() => one.value[Symbol.asyncDispose]());
  expect(both.filter(({ status }) => status === "rejected")).toMatchObject([{ reason: { code: "engine-folder-busy" } }]);
  expect(readdirSync(folder)).toContain("blobs");
  expect(readdirSync(beside)).toEqual([".stories.shoal-share"]);
});

test("a folder that this process made is not taken back from who has it by now, whatever the start failed with", async () => {
  const beside = mkdtempSync(join(tmpdir(), "shoal-share-"));
  onTestFinished(() => rmSync(beside, { recursive: true, force: true }));
  const folder = join(beside, "folder");
  const takeBack = await newFolder(folder);
  const engine = await openEmbeddedEngine(folder);
  await takeBack(new Error("the port is taken"));
  expect(readdirSync(folder)).toContain("blobs");
  await engine.close();
  await takeBack(new Error("the port is taken"));
  expect(readdirSync(beside)).toEqual([]);
});
