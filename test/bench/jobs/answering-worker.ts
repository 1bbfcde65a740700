// A worker in a process of its own that computes nothing: it answers each block with numbers of the same size.
import { inFragments, parseLink, protocolVersion, socketChannel, type BlockMessage, type WebSocketLike } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { WebSocket } from "ws";
import { numberedBlocks } from "./tiny-job.ts";

const { link, rows, first } = JSON.parse(process.argv[2] as string) as { readonly link: string; readonly rows: number; readonly first: string };
const { letBuffersGather } = (await import(first)) as { readonly letBuffersGather: () => void };
letBuffersGather();
const { url, token } = parseLink(link);
// As the agent on Node does.
const socket = new WebSocket(new URL("connect", url.replace(/^http/, "ws")), { perMessageDeflate: false, maxPayload: 2 ** 26, generateMask: (mask) => void mask.fill(0) });
const channel = socketChannel(inFragments(socket as unknown as WebSocketLike), { side: "worker", clock: systemClock });
const results = numberedBlocks("twice", rows);
const inputOf = new Map<number, string>();
/** By attempt; and the memory of those that the coordinator has stored. */
const held = new Map<number, Uint8Array<ArrayBuffer>>();
const free: Uint8Array<ArrayBuffer>[] = [];
const began = process.cpuUsage();
/** Answered once there is room for it, as an agent does: who sends without looking is cut off. */
const waiting: (() => void)[] = [];
const mostBufferedBytes = 16 << 20;
const answerAll = (): void => {
  while (waiting.length > 0 && channel.bufferedBytes < mostBufferedBytes) waiting.shift()?.();
};
setInterval(answerAll, 2);
channel.listen({ closed: () => process.exit(1), message: (message) => {
  if (message.kind === "lease") for (const { attempt, input } of message.tasks) if (input !== undefined) inputOf.set(attempt.number, input);
  if (message.kind === "settle") settled(message.attempt.number);
  if (message.kind !== "block") return;
  waiting.push(() => answer(message));
  answerAll();
} });

function answer({ task, attempt }: BlockMessage): void {
  const payload = results(task.block + (task.job === "warm" ? 1e6 : 0), free.pop());
  held.set(attempt.number, payload);
  const input = inputOf.get(attempt.number);
  inputOf.delete(attempt.number);
  channel.send({ kind: "result", task, attempt, rows, ...(input !== undefined && { input }), failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [rows], counts: {} } }, payload);
}

function settled(attempt: number): void {
  const payload = held.get(attempt);
  if (payload === undefined) return;
  held.delete(attempt);
  free.push(payload);
}

channel.send({ kind: "hello", protocol: protocolVersion, role: "worker", token, name: "answering", worker: { label: "answering", host: "machine", runtime: "node", devices: ["cpu"], cpus: 1, gpus: 0, memoryBytes: 8e9, models: [], runsCode: false } });
setInterval(() => channel.send({ kind: "beat", rows: 0, state: "computing" }), 2_000);
process.on("SIGTERM", () => {
  const { user, system } = process.cpuUsage(began);
  process.stdout.write(`cpu ${user + system}\n`, () => process.exit(0));
});
