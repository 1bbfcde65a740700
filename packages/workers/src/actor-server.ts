import {
  arrowFor, packBlock, ShoalError,
  type ActorContext, type ActorRequest, type ActorRuntime, type Block, type BlockResult, type Column, type FileDownload, type LoadPredictor, type SentBlock, type StartActor,
} from "@shoal/core";
import { chooseDevice as tryDevices, lazyOnnx, type ChooseDevice, type OnnxRuntimes } from "./actor-device.ts";
import { progressSender } from "./progress-sender.ts";
import { errorData, receivedBlock, type ActorChannel, type ActorCommand, type ActorEvent, type BlockResultRest } from "./actor-protocol.ts";

/** What an entry file brings together: the parts that hosts do not know. */
export interface ActorParts {
  readonly load: LoadPredictor;
  readonly startActor: StartActor;
  readonly runtimes: OnnxRuntimes;
  /** By default GPUs are tried. */
  readonly chooseDevice?: ChooseDevice;
}

/** How an actor reports itself. */
export interface ServeOptions {
  /** Between two signs of life. Default 1000. */
  readonly heartbeatMs?: number;
  /** Memory of the realm or process, in bytes, where that can be known. */
  readonly memoryBytes?: () => number;
}

type Channel = ActorChannel<ActorEvent, ActorCommand>;

interface LoadedActor extends AsyncDisposable {
  readonly device: string;
  readonly runtime: ActorRuntime;
}

/**
 * Serves one actor over a channel: loads its predictor when told to, answers blocks, and ends when told to or when the host is gone.
 * Settles when everything is disposed.
 */
export async function serveActor(channel: Channel, parts: ActorParts, options: ServeOptions = {}): Promise<void> {
  const { heartbeatMs = 1000, memoryBytes } = options;
  const ended = new AbortController();
  const calls = new Map<number, AbortController>();
  let loaded: Promise<LoadedActor> | undefined;

  let loading = false;
  let name = "";

  const heart: unknown = setInterval(() => channel.send({ kind: "heartbeat", ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes() }) }), heartbeatMs);
  if (typeof heart === "object" && heart !== null && "unref" in heart) (heart as { unref(): void }).unref();

  const asked = new Promise<void>((resolve) => {
    channel.onMessage((command) => {
      switch (command.kind) {
        case "spawn":
          loading = true;
          ({ name } = command.request.spec);
          loaded = spawn(channel, command.request, parts, ended.signal).finally(() => (loading = false));
          loaded.catch(() => {});
          return;
        case "process":
          void answer(command.call, command.block);
          return;
        case "abort":
          return calls.get(command.call)?.abort(ShoalError.fromData(command.reason));
        case "dispose":
          return resolve();
      }
    });
  });
  await Promise.race([asked, channel.closed]);
  clearInterval(heart as Parameters<typeof clearInterval>[0]);
  await end();
  channel.send({ kind: "disposed" });

  async function answer(call: number, sent: SentBlock): Promise<void> {
    const abort = new AbortController();
    calls.set(call, abort);
    try {
      const { runtime } = await (loaded ?? Promise.reject(new ShoalError("actor-not-spawned", "A block came before the predictor was asked for.", { hint: "Call spawn() of the actor host before process().", failure: "bug" })));
      const received = receivedBlock(sent);
      const given = received instanceof Promise ? await received : received;
      const result = await runtime.process(given, abort.signal);
      await arrowFor(result.block);
      const { block, ...rest } = packable(result, given.rows, name);
      channel.send({ kind: "result", call, block, rest: { ...rest, ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes() }) } });
    } catch (error) {
      channel.send({ kind: "call-failed", call, error: errorData(error) });
    } finally {
      calls.delete(call);
    }
  }

  async function end(): Promise<void> {
    const reason = new ShoalError("aborted", "The actor is ending.", { failure: "aborted" });
    for (const call of calls.values()) call.abort(reason);
    // A predictor may use its sessions while it is disposed, so they outlive it; one that is still loading is told at once.
    if (loading) ended.abort(reason);
    try {
      await loaded?.then((actor) => actor[Symbol.asyncDispose](), () => {});
    } catch (error) {
      channel.send({ kind: "log", level: "warn", message: `Disposing failed: ${errorData(error).message}` });
    } finally {
      ended.abort(reason);
    }
  }
}

interface PackedResult extends BlockResultRest {
  readonly block: SentBlock;
}

/** A result as it travels. What can't (a Proxy, a getter that throws) is a failure of the block's rows, not of the run. */
function packable({ block, ...rest }: BlockResult, rows: number, name: string): PackedResult {
  try {
    return { ...rest, block: packBlock(block) };
  } catch (cause) {
    const columns = Object.keys(block.columns).filter((column) => !travels(block, column));
    const error = errorData(new ShoalError("wrong-result", `Predictor "${name}" gave values in ${columns.map((column) => `column "${column}"`).join(", ") || "its columns"} that can't leave their actor: ${errorData(cause).message}`, {
      failure: "bug", cause, hint: "Return plain values: numbers, strings, arrays and objects of them.",
    }));
    const failures = Array.from({ length: rows }, (_, row) => ({ row, error, attempts: 1 }));
    return { ...rest, failures, block: packBlock({ rows: 0, columns: {}, lineage: block.lineage }) };
  }
}

function travels(block: Block, name: string): boolean {
  try {
    packBlock({ ...block, columns: { [name]: block.columns[name] as Column } });
    return true;
  } catch {
    return false;
  }
}

async function spawn(channel: Channel, request: ActorRequest, parts: ActorParts, signal: AbortSignal): Promise<LoadedActor> {
  const start = performance.now();
  try {
    const actor = await loadActor(channel, request, parts, signal);
    channel.send({ kind: "ready", device: actor.device, loadMs: performance.now() - start });
    return actor;
  } catch (error) {
    channel.send({ kind: "failed", error: errorData(error) });
    throw error;
  }
}

async function loadActor(channel: Channel, request: ActorRequest, parts: ActorParts, signal: AbortSignal): Promise<LoadedActor> {
  const { load, startActor, runtimes, chooseDevice = tryDevices } = parts;
  const device = request.device === "auto" ? await chooseDevice(runtimes) : request.device;
  const say = (level: "debug" | "info" | "warn") => (message: string) => channel.send({ kind: "log", level, message: String(message) });
  const counts = new Map<string, number>();
  const base = {
    device, deviceIndex: request.deviceIndex, threads: request.threads, signal,
    log: { debug: say("debug"), info: say("info"), warn: say("warn"), download: (file: FileDownload) => channel.send({ kind: "download", file }) },
  };
  const onnx = lazyOnnx(runtimes, base);
  const actor: ActorContext = { ...base, onnx: onnx.onnx, count: (name, amount) => void counts.set(name, (counts.get(name) ?? 0) + amount) };
  try {
    const predictor = await load(request.spec, actor);
    signal.throwIfAborted();
    const tell = progressSender((progress) => channel.send({ kind: "progress", progress }), request.spec.kind === "module");
    const runtime = startActor(predictor, request, tell, counts);
    return {
      device, runtime,
      async [Symbol.asyncDispose]() {
        try {
          await runtime[Symbol.asyncDispose]();
        } finally {
          await onnx[Symbol.asyncDispose]();
        }
      },
    };
  } catch (error) {
    await Promise.resolve(onnx[Symbol.asyncDispose]()).catch(() => {});
    throw error;
  }
}
