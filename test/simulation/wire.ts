import type { AttemptId, LeasedTask, TaskFailed, TaskId, WorkerBeat, WorkerJoined } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import type { SimulatedTime } from "./simulated-time.ts";

type Unaddressed<M> = M extends unknown ? Omit<M, "connection"> : never;

/** What a worker says. The connection is known by the socket that it comes through. */
export type WorkerMessage = Unaddressed<
  | WorkerJoined
  | WorkerBeat
  | TaskFailed
  | { readonly kind: "worker-ready"; readonly connection: string; readonly model?: string; readonly loadMs?: number }
  | { readonly kind: "result"; readonly connection: string; readonly task: TaskId; readonly attempt: AttemptId }
  | { readonly kind: "worker-draining"; readonly connection: string; readonly finishing: readonly number[] }>;

/** What the gateway says. */
export type GatewayMessage =
  | { readonly kind: "lease"; readonly tasks: readonly LeasedTask[] }
  | { readonly kind: "revoke"; readonly tasks: readonly LeasedTask[] }
  | { readonly kind: "settle" | "refuse"; readonly task: TaskId; readonly attempt: AttemptId };

/** How messages become what travels, and back: where the real connection code is put in. */
export interface WireFormat {
  encode(message: WorkerMessage | GatewayMessage): unknown;
  decode(frame: unknown): WorkerMessage | GatewayMessage;
}

export const asTheyAre: WireFormat = { encode: (message) => message, decode: (frame) => frame as WorkerMessage | GatewayMessage };

export interface WireFaults {
  /** Of a message that a real socket would never lose, for what is above it must not hang if one is lost. */
  readonly loss: () => number;
  readonly duplication: number;
  readonly jitterMs: number;
}

/** One connection: in order each way, as long as it lasts. Another one of the same worker may be faster. */
export class SimulatedWire {
  readonly name: string;
  readonly #time: SimulatedTime;
  readonly #random: SeededRandom;
  readonly #format: WireFormat;
  readonly #faults: WireFaults;
  readonly #latencyMs: number;
  #lastUp = 0;
  #lastDown = 0;
  open = true;
  /** Nothing gets through, and nobody is told. */
  swallowsUntil = 0;

  constructor(name: string, time: SimulatedTime, random: SeededRandom, latencyMs: number, faults: WireFaults, format: WireFormat) {
    this.name = name;
    [this.#time, this.#random, this.#latencyMs, this.#faults, this.#format] = [time, random, latencyMs, faults, format];
  }

  up(message: WorkerMessage, receive: (message: WorkerMessage) => void): void {
    this.#lastUp = this.#send(message, this.#lastUp, receive as (message: WorkerMessage | GatewayMessage) => void);
  }

  down(message: GatewayMessage, receive: (message: GatewayMessage) => void): void {
    this.#lastDown = this.#send(message, this.#lastDown, receive as (message: WorkerMessage | GatewayMessage) => void);
  }

  #send(message: WorkerMessage | GatewayMessage, last: number, receive: (message: WorkerMessage | GatewayMessage) => void): number {
    const { loss, duplication, jitterMs } = this.#faults;
    if (!this.open || this.#time.now < this.swallowsUntil) return last;
    if (message.kind !== "worker-joined" && loss() > 0 && this.#random.chance(loss())) return last;
    const frame = this.#format.encode(message);
    const arrival = Math.max(last, this.#time.now + this.#latencyMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0));
    const times = duplication > 0 && this.#random.chance(duplication) ? 2 : 1;
    for (let count = 0; count < times; count++) this.#time.at(arrival, () => this.open && receive(this.#format.decode(frame)));
    return arrival;
  }
}
