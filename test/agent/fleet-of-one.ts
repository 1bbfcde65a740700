import { runAgent, type Agent, type AgentEvent, type AgentParts, type SegmentMessage } from "@shoal/cluster";
import { blockFromRows, columnValue, type Block, type Column, type Predictor } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import type { SegmentPlan } from "@shoal/planner";
import { FakeActorHost, FakeClock, withFaults, type Faults } from "@shoal/testing";
import { onTestFinished } from "vitest";
import { doubling, poolOf, scanOf, numbered, type SeenBatch } from "../properties/plans.ts";
import { ScriptedGateway } from "./scripted-gateway.ts";

export interface FleetOfOne {
  readonly gateway: ScriptedGateway;
  readonly clock: FakeClock;
  readonly host: FakeActorHost;
  readonly agent: Agent;
  readonly events: AgentEvent[];
  readonly seen: SeenBatch[];
}

/** A worker with fake actors that double `id`, its clock standing still, and a coordinator that does as it is told. */
export function fleetOfOne(change: Partial<AgentParts> = {}, faults: Faults = {}, traits: Partial<Predictor> & { readonly load?: () => Promise<void> } = {}): FleetOfOne {
  const gateway = new ScriptedGateway();
  const clock = new FakeClock();
  const seen: SeenBatch[] = [];
  const events: AgentEvent[] = [];
  const { load, ...predictor } = traits;
  const host = new FakeActorHost({
    clock,
    load: async (_spec, actor) => {
      await load?.();
      return withFaults(doubling(seen, actor, predictor), "id", faults, actor, clock);
    },
  });
  const stop = new AbortController();
  const agent = runAgent({
    dial: gateway.dial, name: "w1", token: "token", host, clock, random: () => 0.5, signal: stop.signal,
    resources: { cpus: 4, gpus: 0, memory: 2 ** 30 },
    devices: { candidates: () => Promise.resolve(["cpu"]) },
    traits: { label: "a test", host: "machine", runtime: "node", devices: ["cpu"], cpus: 4, gpus: 0, memoryBytes: 2 ** 30, models: [], runsCode: false },
    modelUrl: ({ hash }, { key }) => `https://coordinator.example/models/~${key}/${hash}/`,
    onEvent: (event) => void events.push(event),
    ...change,
  });
  onTestFinished(() => stop.abort());
  return { gateway, clock, host, agent, events, seen };
}

export function segmentOf(change: Partial<SegmentPlan> = {}, rest: Partial<SegmentMessage> & { readonly description?: object } = {}): SegmentMessage {
  const { input: _, ...plan } = poolOf(scanOf(numbered(0)), { minActors: 1, maxActors: 1, ...(change as object) });
  const { description, ...message } = rest;
  return { kind: "segment", job: "job", segment: 0, jobName: "a job", about: { columns: ["id"] }, ...message, description: { name: "double", plan, ...description } };
}

/** Rows `{ id }`, from `first` on. */
export function ids(first: number, rows: number): Block {
  return blockFromRows(Array.from({ length: rows }, (_, row) => ({ id: first + row })));
}

export function valuesOf(payload: Uint8Array | undefined, name = "doubled"): unknown[] {
  const block = decodeBlock(payload as Uint8Array);
  return Array.from({ length: block.rows }, (_, row) => columnValue(block.columns[name] as Column, row));
}
