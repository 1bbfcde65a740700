import type { GatewayToWorker, Header, Message, WorkerToGateway } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import type { SimulatedTime } from "./simulated-time.ts";
import type { Coding, WireFormat } from "./wire-format.ts";

export interface WireFaults {
  /** Of a message that a real socket would never lose, for what is above it must not hang if one is lost. */
  readonly loss: () => number;
  readonly duplication: number;
  readonly jitterMs: number;
}

/** Without these nothing that follows has a meaning; and they come once. */
const introductions: ReadonlySet<Header["kind"]> = new Set(["hello", "welcome", "segment"]);

/** One connection: in order each way, as long as it lasts. Another one of the same worker may be faster. */
export class SimulatedWire {
  readonly name: string;
  readonly #time: SimulatedTime;
  readonly #random: SeededRandom;
  readonly #up: Coding<WorkerToGateway>;
  readonly #down: Coding<GatewayToWorker>;
  readonly #faults: WireFaults;
  readonly #latencyMs: number;
  #lastUp = 0;
  #lastDown = 0;
  #isWhole = true;
  open = true;
  /** Nothing gets through, and nobody is told. */
  swallowsUntil = 0;
  /** Called when one side can make nothing of what it got, as happens where something was swallowed before. */
  onRefused: () => void = () => {};

  constructor(name: string, time: SimulatedTime, random: SeededRandom, latencyMs: number, faults: WireFaults, format: WireFormat) {
    this.name = name;
    [this.#time, this.#random, this.#latencyMs, this.#faults] = [time, random, latencyMs, faults];
    ({ up: this.#up, down: this.#down } = format.worker());
  }

  up(header: WorkerToGateway, payload: Uint8Array | undefined, receive: (message: Message<WorkerToGateway>) => void): void {
    this.#lastUp = this.#send(this.#up, header, payload, this.#lastUp, receive);
  }

  down(header: GatewayToWorker, payload: Uint8Array | undefined, receive: (message: Message<GatewayToWorker>) => void): void {
    this.#lastDown = this.#send(this.#down, header, payload, this.#lastDown, receive);
  }

  /** What came makes no sense. @throws where everything got through */
  refuse(error: unknown): void {
    if (this.#isWhole) throw error;
    this.onRefused();
  }

  #send<M extends Header>(coding: Coding<M>, header: M, payload: Uint8Array | undefined, last: number, receive: (message: Message<M>) => void): number {
    const { loss, duplication, jitterMs } = this.#faults;
    if (!this.open) return last;
    if (this.#time.now < this.swallowsUntil) {
      this.#isWhole = false;
      return last;
    }
    const mayFail = !introductions.has(header.kind);
    if (mayFail && loss() > 0 && this.#random.chance(loss())) return last;
    const frame = coding.encode(header, payload);
    const arrival = Math.max(last, this.#time.now + this.#latencyMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0));
    const times = mayFail && duplication > 0 && this.#random.chance(duplication) ? 2 : 1;
    for (let count = 0; count < times; count++) this.#time.at(arrival, () => this.#arrive(coding, frame, receive));
    return arrival;
  }

  #arrive<M extends Header>(coding: Coding<M>, frame: unknown, receive: (message: Message<M>) => void): void {
    if (!this.open) return;
    let message;
    try {
      message = coding.decode(frame);
    } catch (error) {
      return this.refuse(error);
    }
    receive(message);
  }
}
