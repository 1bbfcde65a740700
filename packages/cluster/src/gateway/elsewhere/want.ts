import { concreteDevices, type ConcreteDevice, type JsonObject } from "@shoal/core";
import type { QueuedTask } from "../../engine/index.ts";
import type { WorkerJoined } from "../../scheduler/index.ts";
import { wantClass } from "./loan.ts";

/** What a gateway has free workers for: so many blocks, and what those workers are. */
export interface Want extends Pick<WorkerJoined, "memoryBytes"> {
  readonly gateway: number;
  readonly device: ConcreteDevice;
  readonly blocks: number;
  readonly volunteer: boolean;
  readonly runsCode: boolean;
  readonly cpus: number;
  readonly gpus: number;
  /** Hashes of models that some of them have. */
  readonly models: readonly string[];
}

/** A want that nothing was lent for by then is no want any more, in milliseconds. */
export const wantLifeMs = 10_000;

const mostBlocks = 1_024;
/** So many of one gateway and class may wait, or be lost in leases of the queue that nobody has, which last a minute. */
const mostAtOnce = 6;
const mostModels = 16;

/** @param unheardMs nothing has come for so long: whoever took the last one may not have had it, and as long as the queue takes it for leased it would not be given out again */
export function queuedWant(want: Want, at: number, unheardMs = 0): QueuedTask {
  const { gateway, device, blocks, volunteer, runsCode, memoryBytes, cpus, gpus, models } = want;
  const turn = Math.floor(unheardMs / wantLifeMs) % mostAtOnce;
  return {
    // One that nobody has taken yet is not put there twice.
    id: `want-${gateway}-${device}${volunteer ? "" : "-own"}${runsCode ? "-code" : ""}${turn === 0 ? "" : `-${turn}`}`, class: wantClass(device), priority: 5,
    body: { gateway, class: device, blocks: Math.min(mostBlocks, blocks), at, volunteer, runsCode, memoryBytes, cpus, gpus, models: models.slice(0, mostModels) },
  };
}

/** Undefined where it is none. */
export function wantOf(body: JsonObject): Want | undefined {
  const { gateway, class: className, blocks, volunteer, runsCode, memoryBytes, cpus, gpus, models } = body;
  const device = concreteDevices.find((each) => each === className);
  if (typeof gateway !== "number" || device === undefined || typeof blocks !== "number" || !(blocks > 0)) return undefined;
  return {
    gateway, device, blocks: Math.min(mostBlocks, Math.floor(blocks)), volunteer: volunteer !== false, runsCode: runsCode === true,
    memoryBytes: numberOf(memoryBytes), cpus: numberOf(cpus), gpus: numberOf(gpus), models: Array.isArray(models) ? models.filter((model) => typeof model === "string").slice(0, mostModels) : [],
  };
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}
