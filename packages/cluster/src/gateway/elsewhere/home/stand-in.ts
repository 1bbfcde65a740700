import type { ConcreteDevice } from "@shoal/core";
import type { WorkerJoined } from "../../../scheduler/index.ts";
import type { LentTask } from "../loan.ts";
import { RecentRate } from "../../../rates/recent-rate.ts";
import type { Want } from "../want.ts";

/** After so long without anything lent it begins anew that nobody takes any. */
const restMs = 30_000;

/** A task that is lent, and what was heard of it. */
export interface Lent extends LentTask {
  readonly standIn: StandIn;
  readonly className: string;
  /** By the clock. */
  offeredAt: number;
  /** Somebody said that it has it. */
  heardAt: number | undefined;
  offers: number;
  /** The name of the loan that it went in; undefined while its rows are being stored. */
  sentAs?: string;
}

/** Workers of other gateways that are alike enough to be one worker for the scheduler. */
export class StandIn {
  readonly joined: WorkerJoined;
  readonly device: ConcreteDevice;
  /** Gateways that want blocks for it, and when they said so last. */
  readonly wants = new Map<number, number>();
  readonly lent = new Map<number, Lent>();
  readonly rate = new RecentRate();
  readonly since: number;
  /** What the scheduler was told. */
  credit = -1;
  usedAt = 0;
  /** Since when tasks are lent of which nobody has said that it has any; taken back and lent again meanwhile. */
  untakenSince: number | undefined;
  lentAt = -Infinity;
  rowsDone = 0;
  blocksDone = 0;
  failures = 0;

  constructor(name: string, want: Want, since: number) {
    const { device, volunteer, runsCode, models } = want;
    const { memoryBytes, cpus, gpus } = sizeOf(want);
    this.device = device;
    this.since = since;
    this.joined = { kind: "worker-joined", worker: name, connection: name, host: "machine", devices: [device], memoryBytes, cpus, gpus, runsCode, volunteer, models, credit: 0, standsIn: true };
  }

  /** So many tasks more are lent now. */
  wasLent(tasks: number, now: number): void {
    if (this.lent.size === tasks && now - this.lentAt > restMs) this.untakenSince = undefined;
    this.untakenSince ??= now;
    this.lentAt = now;
  }
}

/** Wants with one name make one stand-in: of a size that all of them have. */
export function standInName(want: Want): string {
  const { memoryBytes, cpus, gpus } = sizeOf(want);
  return `elsewhere ${want.device}${want.volunteer ? "" : " own"}${want.runsCode ? " code" : ""} ${memoryBytes / 2 ** 20} ${cpus} ${gpus}`;
}

function sizeOf({ memoryBytes, cpus, gpus }: Want): Pick<Want, "memoryBytes" | "cpus" | "gpus"> {
  return { memoryBytes: powerBelow(memoryBytes), cpus: powerBelow(cpus), gpus: powerBelow(gpus) };
}

function powerBelow(value: number): number {
  return value < 1 ? 0 : 2 ** Math.floor(Math.log2(value));
}
