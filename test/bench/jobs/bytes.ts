// Blocks of 1 MB from a coordinator to a worker in another process, over a WebSocket on this machine, and answers as large back.
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { protocolVersion } from "@shoal/cluster";
import { startCoordinator } from "@shoal/coordinator";
import { doubler, numberedBlocks } from "./tiny-job.ts";

export interface BytesSettings {
  readonly blocks: number;
  readonly blockBytes: number;
  /** The module of what the commands do first that own such processes. */
  readonly first: string;
  /** Kept in a folder, and synced; otherwise in memory. */
  readonly folder?: string;
}

const { blocks, blockBytes, first, folder } = JSON.parse(process.argv[2] as string) as BytesSettings;
const { letBuffersGather } = (await import(first)) as { readonly letBuffersGather: () => void };
letBuffersGather();
if (folder !== undefined) await rm(folder, { recursive: true, force: true });
const coordinator = await startCoordinator(folder === undefined ? {} : { folder });
const worker = spawn(process.execPath, [fileURLToPath(new URL("./answering-worker.js", import.meta.url)), JSON.stringify({ link: await coordinator.link(["work"]), rows: blockBytes / 8, first })], { stdio: ["ignore", "pipe", "inherit"] });
let workerCpu = NaN;
worker.once("close", (code) => {
  if (code !== 0) throw new Error("The worker has ended.");
});
worker.stdout.on("data", (text: Buffer) => (workerCpu = Number(/cpu (\d+)/.exec(text.toString())?.[1] ?? workerCpu)));
const ended = new Promise((resolve) => worker.once("close", resolve));
const rows = blockBytes / 8;
const inputs = numberedBlocks("n", rows);
/** Memory of blocks that are done: what making blocks costs is not the coordinator's. */
const free: Uint8Array<ArrayBuffer>[] = [];
await run("warm", Math.min(100, blocks));
const cpuBefore = process.cpuUsage();
const t_first = Date.now() / 1000;
const { seconds, bytes } = await run("measured", blocks);
const cpu = process.cpuUsage(cpuBefore);
worker.kill("SIGTERM");
await ended;
await coordinator.close();
if (folder !== undefined) await rm(folder, { recursive: true, force: true });
console.log(JSON.stringify({
  t_first, n_first: 0, t_end: t_first + seconds, rows: blocks, bytesPerSecond: bytes / seconds,
  coordinatorCpu: (cpu.user + cpu.system) / 1e6, workerCpu: workerCpu / 1e6, seconds, bytes,
}));

/** From the first question to the last block that is done. Bytes both ways. */
async function run(job: string, count: number): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const channel = coordinator.openLocalChannel();
  let [offered, done, began, bytes] = [0, 0, 0, 0];
  const open = new Map<number, Uint8Array<ArrayBuffer>>();
  /** As a driver does whose coordinator keeps nothing: it tells which results it has. */
  let taken: (readonly [first: number, blocks: number])[] = [];
  await new Promise<void>((resolve, reject) => {
    channel.listen({ closed: () => reject(new Error("The coordinator has hung up.")), message: (message, payload) => {
      if (message.kind === "job-failed" || message.kind === "bye") return reject(new Error(message.error.message));
      if (message.kind === "part") bytes += payload?.byteLength ?? 0;
      if (message.kind === "block-done") {
        free.push(open.get(message.block) as Uint8Array<ArrayBuffer>);
        open.delete(message.block);
        taken.push([message.block, 1]);
        if (++done === count) return resolve();
      }
      if (message.kind !== "ask") return;
      began ||= performance.now();
      for (let left = message.blocks; left > 0 && offered < count; left--) {
        const input = inputs(offered, free.pop());
        open.set(offered, input);
        bytes += input.byteLength;
        channel.send({ kind: "offer", job, segment: 0, block: offered++, rows, ...(taken.length > 0 && { taken }) }, input);
        taken = [];
        if (offered === count) channel.send({ kind: "input-ended", job, segment: 0, blocks: count });
      }
    } });
    channel.send({ kind: "hello", protocol: protocolVersion, role: "driver", name: "driver" });
    channel.send({ kind: "submit", description: { job, name: job, about: { columns: ["n"] }, segments: [doubler], priority: 0, weight: 1, volunteers: false, passing: true } });
  });
  const seconds = (performance.now() - began) / 1000;
  channel.send({ kind: "published", job });
  return { seconds, bytes };
}
