// Rows 14, 19, 20 and 23 of the fault table, over real sockets and beside an honest worker: connections that forge results, use another's name, send bytes that are none, never read, or are too old.
import { protocolVersion, socketChannel, sha256Of, type Channel, type GatewayToWorker, type Hello, type LeasedTask, type Snapshot, type WebSocketLike, type WorkerToGateway } from "@shoal/cluster";
import { blockFromRows, systemClock, type Block } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { machine } from "../cluster/scripted-worker.ts";
import { until } from "../cluster/until.ts";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn, startWorker, type CoordinatorLinks } from "./shoal-process.ts";

const rows = 6000;

/** Speaks the protocol as it likes, by the link for workers. */
class HostileConnection {
  readonly heard: GatewayToWorker[] = [];
  /** Told of each block that it was leased. */
  onBlock: (leased: LeasedTask, block: Block) => void = () => {};
  readonly socket: WebSocket;
  #channel: Channel<WorkerToGateway, GatewayToWorker> | undefined;

  constructor({ url, links }: CoordinatorLinks, name: string, hello: Partial<Hello> = {}) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}connect`, { perMessageDeflate: false });
    onTestFinished(() => this.socket.terminate());
    this.socket.on("open", () => {
      this.#channel = socketChannel(this.socket as unknown as WebSocketLike, { side: "worker", clock: systemClock });
      this.#channel.listen({
        message: (message, payload) => {
          this.heard.push(message);
          if (message.kind === "block" && payload !== undefined) this.onBlock({ task: message.task, attempt: message.attempt }, decodeBlock(payload));
        },
        closed: () => {},
      });
      this.say({ kind: "hello", protocol: protocolVersion, role: "worker", name, token: new URL(links.work).hash.slice(1), worker: { ...machine, label: name }, ...hello });
    });
  }

  say(message: WorkerToGateway, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  async result({ task, attempt }: LeasedTask, payload: Uint8Array, change: { readonly rows?: number; readonly sha256?: string } = {}): Promise<void> {
    const sha256 = await sha256Of(payload as Uint8Array<ArrayBuffer>);
    this.say({ kind: "result", task, attempt, rows: task.rows, sha256, failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [], counts: {} }, ...change }, payload);
  }

  bye(): Promise<Extract<GatewayToWorker, { readonly kind: "bye" }>> {
    return until(() => this.heard.find((message) => message.kind === "bye"));
  }
}

/** What an honest worker would send, or nearly. */
const labels = (count: number, score: number): Uint8Array => encodeBlock(blockFromRows(Array.from({ length: count }, () => ({ label: "POSITIVE", score }))));

type Lie = (hostile: HostileConnection, leased: LeasedTask) => Promise<void>;

/** Each is taken for a failure of the worker at its block. */
const bad: readonly Lie[] = [
  (hostile, leased) => hostile.result(leased, new TextEncoder().encode("these are no columns")),
  // It ends in the middle.
  (hostile, leased) => hostile.result(leased, labels(leased.task.rows, 0.5).slice(0, -70)),
  (hostile, leased) => hostile.result(leased, labels(leased.task.rows - 1, 0.5)),
  // Other columns than the predictor's.
  (hostile, leased) => hostile.result(leased, encodeBlock(blockFromRows(Array.from({ length: leased.task.rows }, (_, n) => ({ n }))))),
  (hostile, leased) => hostile.result(leased, labels(leased.task.rows, Number.NaN)),
  (hostile, leased) => hostile.result(leased, labels(leased.task.rows, 0.5), { sha256: "0f".repeat(32) }),
];

/** Blocks and attempts that it was never leased. */
const forged: readonly Lie[] = [
  (hostile, { task, attempt }) => hostile.result({ task: { ...task, block: task.block + 40 }, attempt }, labels(task.rows, 0.5)),
  (hostile, { task, attempt }) => hostile.result({ task, attempt: { ...attempt, number: attempt.number + 1000 } }, labels(task.rows, 0.5)),
];

test("workers that lie in every way there is get nothing into the output, and are shut out", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("the job was there", theJob);

  const refused = (least: number) => (snapshot: Snapshot): boolean => Object.values(snapshot.refused).reduce((sum, count) => sum + count, 0) >= least;
  for (const [name, lies] of [["one", bad.slice(0, 3)], ["two", bad.slice(3)]] as const) {
    const liar = new HostileConnection(own, `liar ${name}`);
    let told = 0;
    liar.onBlock = (leased) => void lies[told++]?.(liar, leased);
    await view.until(`liar ${name} had failed`, (snapshot) => (worker(snapshot, `liar ${name}`)?.failures ?? 0) >= 3);
    liar.socket.terminate();
  }
  expect((await view.until("all was counted", (snapshot) => refused(6)(snapshot) && snapshot)).refused).toEqual({ "bad-result": 6 });

  const forger = new HostileConnection(own, "forger");
  forger.onBlock = (leased) => {
    forger.onBlock = () => {};
    for (let at = 0; at < 6; at++) void forged[at % 2]?.(forger, leased);
  };
  expect((await forger.bye()).error.code).toBe("shut-out");
  const again = new HostileConnection(own, "forger");
  expect((await again.bye()).error.code).toBe("shut-out");
  const lied = await view.until("all was counted", (snapshot) => snapshot);
  expect(lied.refused).toMatchObject({ "forged-result": expect.any(Number) as number });
  expect(lied.workers.reduce((sum, { blocksDone }) => sum + blocksDone, 0)).toBe(0);

  startWorker(folder, own, "honest");
  release(folder, rows);
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});

test("a worker that takes another's name, one of an old version, and one that never reads: the job goes on", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { scheduler: { leaseMs: { machine: 5000, tab: 5000 } } });
  const view = new CoordinatorView(own);
  const old = new HostileConnection(own, "old", { protocol: protocolVersion - 1 });
  expect((await old.bye()).error).toMatchObject({ code: "protocol-mismatch", hint: expect.stringMatching(/[Uu]pdate Shoal/) as string });

  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("the job was there", theJob);
  const deaf = new HostileConnection(own, "deaf");
  deaf.onBlock = () => deaf.socket.pause();
  await until(() => deaf.socket.isPaused);
  startWorker(folder, own, "honest");
  const { worker: name } = await view.until("the honest one was at work", (snapshot) => view.blocksOf("honest") > 0 && worker(snapshot, "honest"));
  for (const hello of [{}, { key: "k".repeat(43) }]) {
    const thief = new HostileConnection(own, name, hello);
    expect((await thief.bye()).error.code).not.toBe("");
    expect(thief.heard.some(({ kind }) => kind === "lease")).toBe(false);
  }
  expect(worker(await view.until("the honest one is there", (snapshot) => snapshot), "honest")?.state).not.toBe("gone");
  release(folder, rows);
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});
