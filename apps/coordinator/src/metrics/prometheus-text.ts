import type { JobSnapshot, Snapshot } from "@shoal/cluster";
import type { Traffic } from "../server/connection-limits.ts";
import type { EngineNumbers } from "./measure-engine.ts";
import { MetricsText, type Labels, type Sample } from "./metrics-text.ts";

const workerStates = ["loading", "computing", "waiting", "paused", "draining", "silent", "gone"] as const;
const blockStates = ["ready", "leased", "committing", "done", "troubled"] as const;

/** An engine that several gateways share, as one of them sees it. */
export interface EngineMetrics {
  /** This gateway, for people. */
  readonly gateway: string;
  readonly numbers: EngineNumbers;
  /** Why it takes no writes. */
  readonly paused?: string;
  /** Ledgers that live in it; absent where it does not say so in time. */
  readonly ledgers?: number;
}

/** What a coordinator tells Prometheus, in its text format. Of several gateways each says with every sample which one it is. */
export function prometheusText({ jobs, workers, helps = [], refused, paused }: Snapshot, traffic: Traffic, memoryBytes: number, engine?: EngineMetrics): string {
  const text = new MetricsText(engine === undefined ? {} : { gateway: engine.gateway });
  const ofJob = ({ job, name }: JobSnapshot): Labels => ({ job, name });
  text.counter("shoal_rows_done_total", "Rows of a job that are committed.", jobs.map((job) => [ofJob(job), job.rowsDone]));
  text.counter("shoal_rows_failed_total", "Rows of a job that could not be done.", jobs.map((job) => [ofJob(job), job.failedRows]));
  text.gauge("shoal_rows_per_second", "Rows of a job in the last ten seconds, a second.", jobs.map((job) => [ofJob(job), job.rowsPerSecond]));
  text.gauge("shoal_job_state", "1 for the state that a job is in.", jobs.map((job) => [{ ...ofJob(job), state: job.state }, 1]));
  text.gauge("shoal_blocks", "Blocks of a job's segment by state.", jobs.flatMap((job) =>
    job.segments.flatMap(({ segment, blocks }) => blockStates.map((state): Sample => [{ ...ofJob(job), segment: String(segment), state }, blocks[state]]))));
  text.gauge("shoal_blocks_committed", "Blocks that stand in the ledger, of the jobs that are known here.", [[{}, jobs.flatMap(({ segments }) => segments).reduce((sum, { blocks }) => sum + blocks.done, 0)]]);
  text.gauge("shoal_backlog_blocks", "Blocks that are not done, those that the source has yet to give among them, by the device that they need: of running jobs whose driver is here.", backlog(jobs));
  text.counter("shoal_helped_rows_total", "Rows of jobs that other gateways lead, done by workers here.", helps.map(({ job, name, rowsDone }) => [{ job, name }, rowsDone]));
  // Those of other gateways are told by them.
  const here = workers.filter(({ runtime }) => runtime !== "gateway");
  text.gauge("shoal_workers", "Workers by state.", workerStates.map((state) => [{ state }, here.filter((worker) => worker.state === state).length]));
  text.counter("shoal_refused_total", "What was refused, by code of error.", Object.entries(refused).map(([code, count]) => [{ code }, count]));
  text.gauge("shoal_paused", "1 while nothing can be committed.", [[{}, paused === undefined ? 0 : 1]]);
  text.gauge("shoal_connections", "Connections that are open.", [[{}, traffic.connections]]);
  text.counter("shoal_network_bytes_total", "Bytes through all connections.", [[{ direction: "in" }, traffic.receivedBytes], [{ direction: "out" }, traffic.sentBytes]]);
  text.gauge("process_resident_memory_bytes", "Memory of the process.", [[{}, memoryBytes]]);
  if (engine !== undefined) addEngine(text, engine);
  return text.toString();
}

function addEngine(text: MetricsText, { numbers, paused, ledgers }: EngineMetrics): void {
  const samples = (counter: ReadonlyMap<string, number>, ...labels: readonly string[]): Sample[] =>
    [...counter].map(([key, count]) => [Object.fromEntries(key.split(" ").map((value, at) => [labels[at] ?? "", value])), count]);
  text.gauge("shoal_engine_up", "1 while the engine takes writes of this gateway.", [[{}, paused === undefined ? 1 : 0]]);
  text.gauge("shoal_engine_ledgers", "Ledgers that live in the engine: of jobs, and two of the gateways' own.", ledgers === undefined ? [] : [[{}, ledgers]]);
  text.counter("shoal_engine_writes_total", "Writes of this gateway to ledgers, by what came of them.", samples(numbers.writes, "kind", "outcome"));
  text.histogram("shoal_engine_commit_seconds", "How long the engine took to decide a commit.", numbers.commitSeconds);
  text.counter("shoal_engine_tasks_total", "Tasks that this gateway offered to the queue, was told to wait with, and pulled.", samples(numbers.tasks, "what"));
  text.counter("shoal_engine_blob_bytes_total", "Bytes that this gateway stored and read.", samples(numbers.blobBytes, "direction"));
  text.counter("shoal_engine_errors_total", "What the engine refused this gateway, by code of error.", samples(numbers.errors, "code"));
}

/** Each job once, where it is led. By what the segment asks of a worker: `any` where it leaves that open, and then a CPU will do. */
function backlog(jobs: readonly JobSnapshot[]): Sample[] {
  const blocks = new Map<string, number>([["any", 0]]);
  for (const { state, segments } of jobs) {
    if (state !== "running") continue;
    for (const segment of segments) {
      const device = segment.devices === undefined || segment.devices.length === 0 ? "any" : segment.devices.join(" or ");
      const { ready, leased, committing, troubled, done, total = segment.expectedBlocks ?? 0 } = segment.blocks;
      blocks.set(device, (blocks.get(device) ?? 0) + Math.max(ready + leased + committing + troubled, total - done));
    }
  }
  return [...blocks].map(([device, count]) => [{ device }, count]);
}
