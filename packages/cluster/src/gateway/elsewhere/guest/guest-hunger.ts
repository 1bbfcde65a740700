import type { ConcreteDevice } from "@shoal/core";
import { isAble } from "../../../scheduler/classes.ts";
import { rowsPerBlock } from "../../../scheduler/finish-line.ts";
import { isStandIn } from "../../../scheduler/stand-ins.ts";
import { msPerRow } from "../../../scheduler/rates.ts";
import type { SchedulerState, Segment, Worker } from "../../../scheduler/state.ts";
import { devices } from "../loan.ts";
import type { Want } from "../want.ts";

/** Work that lies here for each worker, at the rate that it was seen at. */
const aheadMs = 6_000;
const fewestBlocks = 2;
const mostBlocks = 256;

/** What workers here would take of other gateways' jobs. */
export interface Hunger {
  readonly blocks: number;
  readonly wants: readonly Want[];
}

/** Workers that no job which is led here has anything for. With `held` tasks of others here, those may be enough for them. */
export function hungerOf(state: SchedulerState, gateway: number, held: number): Hunger {
  const own: Segment[] = [];
  for (const { spec, paused, segments } of state.jobs.values()) if (spec.borrowed !== true && !paused) for (const segment of segments) if (segment.readyTasks > 0) own.push(segment);
  const groups = new Map<string, Want>();
  let blocks = 0;
  for (const worker of state.live) {
    if (isStandIn(worker) || isBusyHere(worker) || own.some(({ spec }) => isAble(worker, spec.needs))) continue;
    const takes = blocksFor(worker);
    blocks += takes;
    for (const device of devices) if (worker.joined.devices.includes(device)) addTo(groups, gateway, device, worker, takes);
  }
  if (blocks === 0 || held > blocks / 2) return { blocks: 0, wants: [] };
  const missing = (blocks - held) / blocks;
  return { blocks: blocks - held, wants: [...groups.values()].map((want) => ({ ...want, blocks: Math.ceil(want.blocks * missing) })) };
}

/** It has blocks of a job that is led here: were it hungry, this gateway would take back what it lends. */
function isBusyHere({ attempts }: Worker): boolean {
  for (const { task } of attempts.values()) return task.of.segment.job.spec.borrowed !== true;
  return false;
}

function blocksFor(worker: Worker): number {
  const { segment } = worker;
  const idle = Math.max(fewestBlocks, worker.credit);
  if (segment === undefined || segment.job.spec.borrowed !== true) return idle;
  const perRow = msPerRow(segment, worker);
  return perRow === undefined ? idle : Math.min(mostBlocks, Math.max(idle, Math.ceil(aheadMs / (perRow * rowsPerBlock(segment)))));
}

function addTo(groups: Map<string, Want>, gateway: number, device: ConcreteDevice, { joined, models }: Worker, blocks: number): void {
  const { volunteer = false, runsCode = false, memoryBytes, cpus = 1, gpus = 0 } = joined;
  const key = `${device} ${volunteer} ${runsCode}`;
  const known = groups.get(key) ?? { gateway, device, blocks: 0, volunteer, runsCode, memoryBytes: 0, cpus: 0, gpus: 0, models: [] };
  groups.set(key, {
    ...known, blocks: known.blocks + blocks, memoryBytes: Math.max(known.memoryBytes, memoryBytes), cpus: Math.max(known.cpus, cpus), gpus: Math.max(known.gpus, gpus),
    models: known.models.length === 0 ? [...models] : known.models,
  });
}
