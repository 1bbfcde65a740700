import { measure, script, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const goal = 0.8e9;
const blockBytes = 1 << 20;
/** What `shoal serve` and `shoal work` do first. */
const firstOfCommands = new URL("../../../packages/shoal/dist/cli/let-buffers-gather.js", import.meta.url).href;

/** Blocks of 1 MB to a worker in another process and answers as large back, over a WebSocket on this machine: bytes of both ways together. */
export async function bytes(bench: Bench): Promise<Section> {
  const through = async (folder: string | undefined): Promise<Measurement> => {
    const settings = { blocks: Math.round(1_000 * Math.max(bench.share, 0.2)), blockBytes, first: firstOfCommands, ...(folder !== undefined && { folder }) };
    const tries: Measurement[] = [];
    for (let turn = 0; turn < bench.repeats; turn++) tries.push(await measure(`bytes: ${folder === undefined ? "in memory" : "in a folder"}`, script("jobs/bytes", settings)));
    return tries.sort((a, b) => number(a, "bytesPerSecond") - number(b, "bytesPerSecond"))[tries.length >> 1] as Measurement;
  };
  const memory = await through(undefined);
  const folder = await through(bench.file("bytes"));
  const perMB = (one: Measurement, cpu: string): number => (number(one, cpu) * 1e3) / (number(one, "bytes") / 1e6);
  for (const one of [memory, folder]) bench.log(`${one.label}: ${(number(one, "bytesPerSecond") / 1e9).toFixed(2)} GB/s; CPU a MB: coordinator ${perMB(one, "coordinatorCpu").toFixed(2)} ms, worker ${perMB(one, "workerCpu").toFixed(2)} ms`);
  return {
    lines: [
      line("bytes: coordinator ↔ worker, both ways together, 1 MB blocks over loopback, against the goal", number(memory, "bytesPerSecond") / 1e9, goal / 1e9, { atLeast: 1 }, "GB/s"),
      line("bytes: the same with every result kept in a folder, and synced", number(folder, "bytesPerSecond") / 1e9, goal / 1e9, {}, "GB/s"),
      line("bytes: CPU time of the coordinator a MB, beside the worker's, which sends and does no work", perMB(memory, "coordinatorCpu"), perMB(memory, "workerCpu"), {}, "ms"),
    ],
    runs: [],
  };
}

function number({ said }: Measurement, name: string): number {
  return said[name] as number;
}
