import { memoryChannel, protocolVersion, sha256Of, type Channel, type Gateway, type GatewayToWorker, type Hello, type LeasedTask, type Origin, type ResultMessage, type WorkerToGateway, type WorkerTraits } from "@shoal/cluster";
import { columnFromValues, columnValues, createBlock, requireColumn, type Block, type Clock, type RowFailure } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import { until } from "./until.ts";

/** What a worker makes of a task: rows, with failures; nothing at all; or a failure of the whole. */
export type Script = (block: Block, leased: LeasedTask) => { readonly block: Block; readonly failures?: readonly RowFailure[] } | "silent" | { readonly fails: string };

/** Column `twice` from column `n`. */
export const doubles: Script = (block) => ({ block: twice(block) });

export function twice(block: Block): Block {
  return createBlock({ twice: columnFromValues(columnValues(requireColumn(block, "n")).map((n) => 2 * (n as number))) });
}

export const machine: WorkerTraits = { label: "a machine", host: "machine", runtime: "node", devices: ["cpu"], cpus: 4, gpus: 0, memoryBytes: 8e9, models: [], runsCode: false };

interface WorkerOptions {
  readonly traits?: Partial<WorkerTraits>;
  readonly hello?: Partial<Hello>;
  readonly origin?: Origin;
  readonly script?: Script;
  /** Wraps the gateway's end of the link. */
  readonly wrap?: (far: Channel<GatewayToWorker, WorkerToGateway>) => Channel<GatewayToWorker, WorkerToGateway>;
  /** Shows what it holds to whoever lets it in. */
  readonly presents?: boolean;
  /** Says the SHA-256 of its results, as agents did whose coordinator did not name them. */
  readonly saysSha256?: boolean;
  /** Computes one task after the other, each for so long; forgets, as an agent does, what it had not begun when its connection ends. Default: at once. */
  readonly pace?: { readonly clock: Clock; readonly ms: number };
}

const zeroStats = { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [], counts: {} };

/** A worker that says what it is told to say, over a memory channel. */
export class ScriptedWorker {
  readonly name: string;
  readonly heard: GatewayToWorker[] = [];
  /** Tasks that it was leased and whose rows have come. */
  readonly tasks: LeasedTask[] = [];
  /** Results that it holds until they are settled or refused. */
  readonly held = new Map<string, { readonly message: ResultMessage; readonly payload: Uint8Array }>();
  isClosed = false;
  script: Script;
  readonly #options: WorkerOptions;
  /** By attempt: other gateways have the same numbers. */
  readonly #inputs = new Map<string, string>();
  #channel: Channel<WorkerToGateway, GatewayToWorker> | undefined;
  readonly #revoked = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  /** Tasks that were computed. */
  computed = 0;
  #running: LeasedTask | undefined;

  constructor(name: string, options: WorkerOptions = {}) {
    this.name = name;
    this.#options = options;
    this.script = options.script ?? doubles;
  }

  connect(gateway: Gateway, hello: Partial<Hello> = {}): this {
    const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
    this.#channel = near;
    this.isClosed = false;
    near.listen({ message: (message, payload) => void (this.#channel === near && this.#hear(message, payload)), closed: () => {
      if (this.#channel === near) this.isClosed = true;
    } });
    const { traits, origin = {}, wrap = (channel) => channel } = this.#options;
    this.say({ kind: "hello", protocol: protocolVersion, role: "worker", name: this.name, worker: { ...machine, label: this.name, ...traits }, ...this.#options.hello, ...hello });
    gateway.accept(wrap(far) as never, origin);
    return this;
  }

  say(message: WorkerToGateway, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  disconnect(): void {
    this.#channel?.close();
  }

  all<K extends GatewayToWorker["kind"]>(kind: K): Extract<GatewayToWorker, { readonly kind: K }>[] {
    return this.heard.filter((message): message is Extract<GatewayToWorker, { readonly kind: K }> => message.kind === kind);
  }

  get bye(): Extract<GatewayToWorker, { readonly kind: "bye" }> | undefined {
    return this.all("bye").at(-1);
  }

  welcome(): Promise<Extract<GatewayToWorker, { readonly kind: "welcome" }>> {
    return until(() => this.all("welcome").at(-1));
  }

  /** The next task that comes, where the script is silent. */
  task(at = 0): Promise<LeasedTask> {
    return until(() => this.tasks[at]);
  }

  async result(leased: LeasedTask, block: Block, change: Partial<ResultMessage> = {}): Promise<void> {
    const payload = encodeBlock(block);
    const input = this.#inputs.get(attemptOf(leased));
    const message: ResultMessage = { kind: "result", ...leased, rows: block.rows, ...(this.#options.saysSha256 === true && { sha256: await sha256Of(payload) }), failures: [], stats: zeroStats, ...(input === undefined ? {} : { input }), ...change };
    this.held.set(keyOf(leased), { message, payload });
    this.say(message, payload);
  }

  /** As an agent does whose coordinator was away. */
  present(): void {
    for (const { message, payload } of this.held.values()) this.say(message, payload);
  }

  #hear(message: GatewayToWorker, payload: Uint8Array | undefined): void {
    this.heard.push(message);
    if (message.kind === "settle" || message.kind === "refuse") this.held.delete(keyOf(message));
    if (message.kind === "lease") for (const { attempt, input } of message.tasks) if (input !== undefined) this.#inputs.set(attemptOf({ attempt }), input);
    if (message.kind === "welcome" && this.#options.presents === true) this.present();
    if (message.kind === "revoke") for (const { attempt } of message.tasks) this.#revoked.add(attemptOf({ attempt }));
    if (message.kind === "block" && payload !== undefined) void this.#compute({ task: message.task, attempt: message.attempt }, payload);
  }

  /** Says that it lives, and what it is at. */
  beat(): void {
    const { pace } = this.#options;
    this.say({ kind: "beat", rows: 0, state: "waiting", ...(this.#running !== undefined && pace !== undefined && { running: this.#running.attempt }) });
  }

  async #takeTurn(leased: LeasedTask): Promise<boolean> {
    const { pace } = this.#options;
    if (pace === undefined) return true;
    const channel = this.#channel;
    const before = this.#turn;
    const turn = (async () => {
      await before;
      if (this.#revoked.has(attemptOf(leased)) || this.#channel !== channel || this.isClosed) return false;
      this.#running = leased;
      await pace.clock.sleep(pace.ms);
      this.#running = undefined;
      return true;
    })();
    this.#turn = turn.then(() => {});
    return turn;
  }

  async #compute(leased: LeasedTask, payload: Uint8Array): Promise<void> {
    this.tasks.push(leased);
    if (!(await this.#takeTurn(leased))) return;
    this.computed++;
    const made = this.script(decodeBlock(payload), leased);
    if (made === "silent") return;
    if ("fails" in made) return this.say({ kind: "failed", ...leased, failure: "row", error: { code: made.fails, message: made.fails, failure: "row" } });
    await this.result(leased, made.block, { failures: made.failures ?? [] });
  }
}

function attemptOf({ attempt: { epoch, number } }: Pick<LeasedTask, "attempt">): string {
  return `${epoch}.${number}`;
}

function keyOf({ task, attempt }: LeasedTask): string {
  return `${task.segment}-${task.block}-${task.first}-${task.rows} ${attempt.epoch}.${attempt.number}`;
}
