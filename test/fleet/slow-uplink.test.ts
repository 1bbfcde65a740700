// A result that takes longer on its way than its worker may be silent: beats wait behind it, and its bytes are what is heard.
import { protocolVersion, sha256Of, socketChannel, type GatewayToWorker, type LeasedTask, type WebSocketLike, type WorkerToGateway } from "@shoal/cluster";
import { blockFromRows, systemClock } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { machine } from "../cluster/scripted-worker.ts";
import { until } from "../cluster/until.ts";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { blockRows, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn } from "./shoal-process.ts";
import { startProxy } from "./tcp-proxy.ts";

test("is settled, and neither is its worker taken for gone nor its block given to another", { timeout: 120_000 }, async () => {
  const folder = testFolder();
  const own = await startOwn(folder, { scheduler: { leaseMs: { machine: 3_000, tab: 3_000 } } });
  const proxy = await startProxy(own.url);
  const socket = new WebSocket(`${proxy.through(own.url).replace("http", "ws")}connect`, { perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const heard: GatewayToWorker[] = [];
  const leased: LeasedTask[] = [];
  await new Promise((resolve) => socket.on("open", resolve));
  const channel = socketChannel(socket as unknown as WebSocketLike, { side: "worker", clock: systemClock });
  const say = (message: WorkerToGateway, payload?: Uint8Array): void => channel.send(message, payload);
  channel.listen({ closed: () => {}, message: (message) => {
    heard.push(message);
    if (message.kind === "block") leased.push({ task: message.task, attempt: message.attempt });
  } });
  say({ kind: "hello", protocol: protocolVersion, role: "worker", name: "slow", token: new URL(own.links.work).hash.slice(1), worker: { ...machine, label: "slow" } });

  // They wait behind the result, once that is on its way.
  const beating = setInterval(() => say({ kind: "beat", rows: 0, state: "computing" }), 300);
  onTestFinished(() => clearInterval(beating));
  const view = new CoordinatorView(own);
  const job = startJob(folder, { rows: blockRows, args: ["--on", own.links.submit] });
  const { task, attempt } = await until(() => leased[0]);
  // 600 kB at 50 kB a second: four times as long as a lease.
  proxy.slow(50_000);
  const payload = encodeBlock(blockFromRows(Array.from({ length: task.rows }, () => ({ label: "x".repeat(600_000 / task.rows), score: 0.5 }))));
  say({ kind: "result", task, attempt, rows: task.rows, sha256: await sha256Of(payload), failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [], counts: {} } }, payload);
  const states = new Set<string>();
  await view.until("the block was done", (snapshot) => theJob(snapshot)?.state === "done", { meanwhile: ({ workers }) => workers.forEach(({ state }) => states.add(state)) });
  await succeeded(job);
  expect([...states]).not.toContain("silent");
  expect([...states]).not.toContain("gone");
  expect(heard.filter(({ kind }) => kind === "bye" || kind === "revoke")).toEqual([]);
  expect(leased).toHaveLength(1);
});
