import type { ConcreteDevice, JsonObject } from "@shoal/core";
import type { QueuedTask } from "../../engine/index.ts";
import type { WorkerJoined } from "../../scheduler/index.ts";
import { wantClass } from "./lent-bundle.ts";

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

const mostBlocks = 1_024;
const mostModels = 16;

export function queuedWant(want: Want, at: number): QueuedTask {
  const { gateway, device, blocks, volunteer, runsCode, memoryBytes, cpus, gpus, models } = want;
  return {
    // One that nobody has taken yet is not put there twice.
    id: `want-${gateway}-${device}${volunteer ? "" : "-own"}${runsCode ? "-code" : ""}`, class: wantClass(device), priority: 5,
    body: { gateway, class: device, blocks: Math.min(mostBlocks, blocks), at, volunteer, runsCode, memoryBytes, cpus, gpus, models: models.slice(0, mostModels) },
  };
}

/** Undefined where it is none. */
export function wantOf(body: JsonObject): Want | undefined {
  const { gateway, class: device, blocks, volunteer, runsCode, memoryBytes, cpus, gpus, models } = body;
  if (typeof gateway !== "number" || (device !== "cpu" && device !== "wasm" && device !== "webgpu" && device !== "cuda") || typeof blocks !== "number" || !(blocks > 0)) return undefined;
  return {
    gateway, device, blocks: Math.min(mostBlocks, Math.floor(blocks)), volunteer: volunteer !== false, runsCode: runsCode === true,
    memoryBytes: numberOf(memoryBytes), cpus: numberOf(cpus), gpus: numberOf(gpus), models: Array.isArray(models) ? models.filter((model) => typeof model === "string").slice(0, mostModels) : [],
  };
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}
