import type { ConcreteDevice } from "@shoal/core";
import type { JobDescription, SegmentDescription, WorkerTraits } from "../../connection/messages.ts";
import type { JobSpec, SegmentNeeds, WorkerJoined } from "../../scheduler/index.ts";

/** Before any worker has shown how long it takes. */
const loadMs = { least: 2_000, bytesPerMs: 10_000 };
const gpus: readonly ConcreteDevice[] = ["cuda", "webgpu"];

/** A job as the scheduler sees it. */
export function jobSpecOf({ job, priority, weight, volunteers, segments }: JobDescription): JobSpec {
  return {
    job, priority, weight,
    segments: segments.map((segment) => ({
      needs: needsOf(segment, volunteers),
      inOrder: segment.plan.preserveOrder,
      divisible: segment.plan.policy.bisect && !changesRowCounts(segment),
      ...(segment.expectedBlocks === undefined ? {} : { expectedBlocks: segment.expectedBlocks }),
    })),
  };
}

/** Then an error's unit is the batch, and a block can't be run in parts. */
export function changesRowCounts({ plan: { spec } }: SegmentDescription): boolean {
  return spec.kind === "module" && spec.rows === "any";
}

function needsOf({ plan, model, code }: SegmentDescription, volunteers: boolean): SegmentNeeds {
  const { spec, device, memory, numCpus, numGpus } = plan;
  const bytes = model?.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0;
  const hash = model?.hash ?? (spec.kind === "declarative" ? spec.model : undefined);
  return {
    devices: device !== "auto" ? [device] : numGpus > 0 ? gpus : [],
    memoryBytes: memory,
    cpus: numCpus,
    gpus: numGpus,
    runsCode: code !== undefined || spec.kind === "module",
    trusted: !volunteers,
    ...(hash === undefined ? {} : { model: { hash, loadMs: loadMs.least + bytes / loadMs.bytesPerMs } }),
  };
}

/** A worker as the scheduler sees it. Whoever opens a page is a stranger. */
export function joinedOf(worker: string, connection: string, traits: WorkerTraits, volunteer: boolean): WorkerJoined {
  const { host, devices, memoryBytes, models, cpus, gpus: gpuCount, runsCode } = traits;
  return {
    kind: "worker-joined", worker, connection, host, devices, memoryBytes, models, credit: 2, cpus, gpus: gpuCount,
    runsCode: runsCode && host === "machine", volunteer: volunteer || host === "tab",
  };
}

/** Whether a worker may have had a task of this segment, whatever else it lacks. */
export function mayHaveSeen(joined: WorkerJoined, { runsCode, trusted }: SegmentNeeds): boolean {
  return !(trusted === true && joined.volunteer === true) && !(runsCode === true && joined.runsCode !== true);
}

/** Why none of these workers can do a segment, in words for its driver; undefined where one can. */
export function whyNobody(needs: SegmentNeeds, workers: readonly WorkerJoined[]): string | undefined {
  if (workers.length === 0) return "no worker is here: start one with shoal work and the link beside \"Lend a machine\"";
  let left = workers;
  for (const [has, need] of requirements(needs)) {
    left = left.filter(has);
    if (left.length === 0) return need(workers.length === 1 ? "the one worker" : `the ${workers.length} workers`, workers);
  }
  return undefined;
}

type Requirement = readonly [has: (worker: WorkerJoined) => boolean, need: (of: string, workers: readonly WorkerJoined[]) => string];

function requirements({ devices, memoryBytes, cpus = 0, gpus: gpuCount = 0, runsCode, trusted }: SegmentNeeds): Requirement[] {
  const none = (of: string): string => (of.startsWith("the one") ? `${of} has it not` : `none of ${of} has it`);
  const most = (workers: readonly WorkerJoined[], of: (worker: WorkerJoined) => number): number => Math.max(...workers.map(of));
  return [
    [(worker) => trusted !== true || worker.volunteer !== true, () => "its rows are not for volunteers, and nobody else is here: say volunteers: true, or lend a machine by a link of your own"],
    [(worker) => runsCode !== true || worker.runsCode === true, () => "it needs a machine that runs code which comes with a job: shoal work --allow-code"],
    [(worker) => devices.length === 0 || devices.some((device) => worker.devices.includes(device)), (of) => `needs ${devices.join(" or ")}: ${none(of)}`],
    [(worker) => (worker.cpus ?? Infinity) >= cpus, (of, workers) => `needs ${cpus} CPUs for each actor: ${of} ${of.startsWith("the one") ? "has" : "have"} ${most(workers, (worker) => worker.cpus ?? 0)} at most`],
    [(worker) => (worker.gpus ?? Infinity) >= gpuCount, (of, workers) => `needs ${gpuCount} GPUs for each actor: ${of} ${of.startsWith("the one") ? "has" : "have"} ${most(workers, (worker) => worker.gpus ?? 0)} at most`],
    [(worker) => worker.memoryBytes >= memoryBytes, (of, workers) => `needs ${gigabytes(memoryBytes)} of memory for each actor: ${of} ${of.startsWith("the one") ? "has" : "have"} ${gigabytes(most(workers, (worker) => worker.memoryBytes))} at most`],
  ];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(2)} GB`;
}
