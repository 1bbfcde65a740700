// Rows 14, 19, 20 and 23 of the fault table, over real sockets and beside an honest worker: guests that forge results, use another's name, send bytes that are none, never read, or are too old.
import { protocolVersion, socketChannel, sha256Of, type Channel, type GatewayToWorker, type Hello, type LeasedTask, type WebSocketLike, type WorkerToGateway } from "@shoal/cluster";
import { blockFromRows, decodeBlock, encodeBlock, systemClock, type Block } from "@shoal/core";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { machine } from "../cluster/scripted-worker.ts";
import { until } from "../cluster/until.ts";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, expectEqual, onOneMachine, read, release, startJob, testFolder } from "./reviews.ts";
import { startOwn, startWorker, type CoordinatorLinks } from "./shoal-process.ts";

const rows = 6000;

/** Speaks the protocol as it likes, by the link for workers. */
class Guest {
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

const lies: readonly (readonly [string, (guest: Guest, leased: LeasedTask) => Promise<void>])[] = [
  ["bytes that are no Arrow", (guest, leased) => guest.result(leased, new TextEncoder().encode("these are no columns"))],
  ["Arrow that ends in the middle", (guest, leased) => guest.result(leased, labels(leased.task.rows, 0.5).slice(0, -70))],
  ["another number of rows than it says", (guest, leased) => guest.result(leased, labels(leased.task.rows - 1, 0.5))],
  ["other columns", (guest, leased) => guest.result(leased, encodeBlock(blockFromRows(Array.from({ length: leased.task.rows }, (_, n) => ({ n })))))],
  ["numbers that are none", (guest, leased) => guest.result(leased, labels(leased.task.rows, Number.NaN))],
  ["a hash of other bytes", (guest, leased) => guest.result(leased, labels(leased.task.rows, 0.5), { sha256: "0f".repeat(32) })],
  ["a block that it was not leased", (guest, { task, attempt }) => guest.result({ task: { ...task, block: task.block + 100 }, attempt }, labels(task.rows, 0.5))],
  ["an attempt of somebody else", (guest, { task, attempt }) => guest.result({ task, attempt: { ...attempt, number: attempt.number + 1000 } }, labels(task.rows, 0.5))],
];

test("a guest that lies in every way there is gets nothing into the output, and is shut out", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("the job was there", theJob);

  let told = 0;
  const guests: Guest[] = [];
  const lie = (guest: Guest): void => {
    guests.push(guest);
    guest.onBlock = (leased) => void lies[told++ % lies.length]?.[1](guest, leased);
  };
  // Shut out under one name, it comes by another.
  for (let name = 0; told < 2 * lies.length; name++) {
    const guest = new Guest(own, `liar ${name}`);
    lie(guest);
    await until(() => guest.heard.some(({ kind }) => kind === "bye") || told >= 2 * lies.length);
  }
  await view.until("its lies were counted", ({ refused }) => Object.values(refused).reduce((sum, count) => sum + count, 0) > 0);
  const lied = await view.until("they were counted by kind", (snapshot) => snapshot);
  expect(Object.keys(lied.refused).length).toBeGreaterThan(1);
  expect(lied.workers.filter(({ label }) => label.startsWith("liar")).reduce((sum, { blocksDone }) => sum + blocksDone, 0)).toBe(0);
  for (const guest of guests) guest.socket.terminate();

  startWorker(folder, own, "honest");
  release(folder, rows);
  expect(await job.code, job.err.text()).toBe(0);
  expectEqual(read(folder), expected);
});

test("a guest that takes another's name, one of an old version, and one that never reads: the job goes on", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { settings: { leaseMs: { machine: 5000, tab: 5000 } } });
  const view = new CoordinatorView(own);
  const old = new Guest(own, "old", { protocol: protocolVersion - 1 });
  expect((await old.bye()).error).toMatchObject({ code: "protocol-mismatch", hint: expect.stringMatching(/[Uu]pdate Shoal/) as string });

  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("the job was there", theJob);
  const deaf = new Guest(own, "deaf");
  deaf.onBlock = () => deaf.socket.pause();
  await until(() => deaf.socket.isPaused);
  startWorker(folder, own, "honest");
  const { worker: name } = await view.until("the honest one was at work", (snapshot) => view.blocksOf("honest") > 0 && worker(snapshot, "honest"));
  for (const hello of [{}, { key: "k".repeat(43) }]) {
    const thief = new Guest(own, name, hello);
    expect((await thief.bye()).error.code).not.toBe("");
    expect(thief.heard.some(({ kind }) => kind === "lease")).toBe(false);
  }
  expect(worker(await view.until("the honest one is there", (snapshot) => snapshot), "honest")?.state).not.toBe("gone");
  release(folder, rows);
  expect(await job.code, job.err.text()).toBe(0);
  expectEqual(read(folder), expected);
});
