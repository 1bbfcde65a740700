import type { Snapshot } from "@shoal/cluster";
import type { Traffic } from "../server/connection-limits.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const workerStates = ["loading", "computing", "waiting", "paused", "draining", "silent", "gone"] as const;
const blockStates = ["ready", "leased", "committing", "done", "troubled"] as const;

/** What a coordinator tells Prometheus, in its text format. */
export function prometheusText(snapshot: Snapshot, traffic: Traffic, memoryBytes: number): string {
  const { jobs, workers, refused, paused } = snapshot;
  const ofJob = ({ job, name }: { job: string; name: string }): Labels => ({ job, name });
  return [
    metric("shoal_rows_done_total", "counter", "Rows of a job that are committed.", jobs.map((job) => [ofJob(job), job.rowsDone])),
    metric("shoal_rows_failed_total", "counter", "Rows of a job that could not be done.", jobs.map((job) => [ofJob(job), job.failedRows])),
    metric("shoal_rows_per_second", "gauge", "Rows of a job in the last ten seconds, a second.", jobs.map((job) => [ofJob(job), job.rowsPerSecond])),
    metric("shoal_job_state", "gauge", "1 for the state that a job is in.", jobs.map((job) => [{ ...ofJob(job), state: job.state }, 1])),
    metric("shoal_blocks", "gauge", "Blocks of a job's segment by state.", jobs.flatMap((job) =>
      job.segments.flatMap(({ segment, blocks }) => blockStates.map((state): Sample => [{ ...ofJob(job), segment: String(segment), state }, blocks[state]])))),
    metric("shoal_blocks_committed", "gauge", "Blocks that stand in the ledger, of the jobs that are known here.", [[{}, jobs.flatMap(({ segments }) => segments).reduce((sum, { blocks }) => sum + blocks.done, 0)]]),
    metric("shoal_workers", "gauge", "Workers by state.", workerStates.map((state) => [{ state }, workers.filter((worker) => worker.state === state).length])),
    metric("shoal_refused_total", "counter", "What was refused, by code of error.", Object.entries(refused).map(([code, count]) => [{ code }, count])),
    metric("shoal_paused", "gauge", "1 while nothing can be committed.", [[{}, paused === undefined ? 0 : 1]]),
    metric("shoal_connections", "gauge", "Connections that are open.", [[{}, traffic.connections]]),
    metric("shoal_network_bytes_total", "counter", "Bytes through all connections.", [[{ direction: "in" }, traffic.receivedBytes], [{ direction: "out" }, traffic.sentBytes]]),
    metric("process_resident_memory_bytes", "gauge", "Memory of the process.", [[{}, memoryBytes]]),
  ].join("");
}

function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`).join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
