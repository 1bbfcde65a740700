// Runs that a test looks into, and interferes with, while they go on.
import { fromItems, type Device, type RunEvent, type RunStats } from "shoal";
import { onnx } from "shoal/onnx";
import { labelled } from "../opinion-rows.ts";

const worker = (): Worker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const doomedWorker = (): Worker => new Worker(new URL("./doomed-worker.ts", import.meta.url), { type: "module" });

const { document: page } = globalThis as unknown as { readonly document: EventTarget & { readonly hidden: boolean } };

/** A run as it stands. */
export interface Watched {
  readonly rows: { readonly id: number; readonly label: string; readonly hidden: boolean }[];
  /** The reason of each actor that was lost. */
  readonly lost: string[];
  readonly devices: string[];
  readonly workers: Worker[];
  /** How often a timer of the page's fired, which wants to every 10 ms, and how long the page was there: shown, and hidden. */
  readonly timers: Record<"shown" | "hidden", { ticks: number; ms: number }>;
  /** No more rows than there are. */
  enough: boolean;
  ended: boolean;
  error?: string;
  stats?: RunStats;
}

export interface RunRequest {
  readonly device: Device;
  /** Without it rows come until the test has enough of them. */
  readonly rows?: number;
  /** The first worker loses its GPU device in the middle of a run. */
  readonly doomed?: boolean;
}

/** Begins a run of which the page's `watched` tells. */
function begin({ device, rows, doomed = false }: RunRequest): void {
  const watched: Watched = { rows: [], lost: [], devices: [], workers: [], timers: { shown: { ticks: 0, ms: 0 }, hidden: { ticks: 0, ms: 0 } }, enough: false, ended: false };
  Object.assign(globalThis, { watched });
  const startWorker = (): Worker => {
    const started = doomed && watched.workers.length === 0 ? doomedWorker() : worker();
    watched.workers.push(started);
    return started;
  };
  const onEvent = (event: RunEvent): void => {
    if (event.kind === "actor-lost") watched.lost.push(event.reason);
    if (event.kind === "actor-started") watched.devices.push(event.device);
    if (event.kind === "run-finished") watched.stats = event.stats;
  };
  const opinions = labelled((id) => (rows === undefined ? !watched.enough : id < rows), device);
  const read = async (): Promise<void> => {
    for await (const { id, label } of opinions.iterRows({ worker: startWorker, onEvent })) watched.rows.push({ id, label, hidden: page.hidden });
  };
  const stop = countTimers(watched);
  void read().catch((error: unknown) => void (watched.error = String(error))).finally(() => {
    stop();
    watched.ended = true;
  });
}

function countTimers({ timers }: Watched): () => void {
  let since = performance.now();
  const add = (hidden: boolean, ticks: number): void => {
    const now = performance.now();
    const time = timers[hidden ? "hidden" : "shown"];
    time.ms += now - since;
    time.ticks += ticks;
    since = now;
  };
  const timer = setInterval(() => add(page.hidden, 1), 10);
  // What passed until now was in the other state.
  const changed = (): void => add(!page.hidden, 0);
  page.addEventListener("visibilitychange", changed);
  return () => {
    clearInterval(timer);
    page.removeEventListener("visibilitychange", changed);
  };
}

/** Runs a model in batches of so many rows; tells what came, and what it took. */
async function widen(model: string, rows: number): Promise<{ readonly widest: readonly number[]; readonly lost: number; readonly actors: number; readonly batches: RunStats["stages"][number]["pool"] }> {
  let stats: RunStats | undefined;
  const kinds: string[] = [];
  const onEvent = (event: RunEvent): void => {
    kinds.push(event.kind);
    if (event.kind === "run-finished") ({ stats } = event);
  };
  const widened = await fromItems(Array.from({ length: rows }, (_, id) => ({ x: id + 0.5 })))
    .mapBatches(onnx<{ widest: number }>({ model, inputs: { x: "x" }, outputs: { widest: "y" } }), { device: "webgpu", batchSize: rows })
    .takeAll(Infinity, { onEvent });
  return {
    widest: widened.map((row) => Number(row.widest)),
    lost: kinds.filter((kind) => kind === "actor-lost").length,
    actors: kinds.filter((kind) => kind === "actor-started").length,
    batches: stats?.stages.find(({ pool }) => pool !== undefined)?.pool,
  };
}

const calls = { begin, widen };
export type PageCalls = typeof calls;
Object.assign(globalThis, { calls });
