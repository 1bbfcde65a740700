import { memoryChannel, protocolVersion, type Channel, type DriverToGateway, type Gateway, type GatewayToDriver, type Hello, type JobDescription, type Origin, type PartMessage, type RunOfBlocks, type SegmentDescription } from "@shoal/cluster";
import { columnFromValues, columnValues, createBlock, requireColumn } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import { doubler } from "../bench/jobs/doubler.ts";
import { until } from "./until.ts";

export { doubler };

export function segmentWith(plan: Partial<SegmentDescription["plan"]>): SegmentDescription {
  return { ...doubler, plan: { ...doubler.plan, ...plan } };
}

/** `count` blocks of `rows` rows of numbers that are all different. */
export function numbers(count: number, rows = 4): number[][] {
  return Array.from({ length: count }, (_, block) => Array.from({ length: rows }, (__, row) => block * rows + row));
}

export function blockBytes(values: readonly number[]): Uint8Array {
  return encodeBlock(createBlock({ n: columnFromValues(values) }));
}

interface DriverOptions {
  readonly job?: string;
  readonly description?: Partial<JobDescription>;
  readonly blocks?: readonly (readonly number[])[];
  /** Whether it says that its input ends with its last block. */
  readonly ends?: boolean;
  readonly hello?: Partial<Hello>;
  readonly origin?: Origin;
  /** Wraps its end of the link, and the gateway's. */
  readonly wrap?: (far: Channel<GatewayToDriver, DriverToGateway>) => Channel<GatewayToDriver, DriverToGateway>;
}

/** A driver of one job of one segment: it offers what it is asked for, and keeps what it is given. */
export class ScriptedDriver {
  readonly job: string;
  readonly heard: { readonly message: GatewayToDriver; readonly payload: Uint8Array | undefined }[] = [];
  readonly done = new Set<number>();
  isClosed = false;
  offered = 0;
  /** Told with the next offer. */
  taken: RunOfBlocks[] = [];
  blocks: readonly (readonly number[])[];
  readonly #options: DriverOptions;
  #channel: Channel<DriverToGateway, GatewayToDriver> | undefined;

  constructor(options: DriverOptions = {}) {
    this.job = options.job ?? "job";
    this.blocks = options.blocks ?? numbers(4);
    this.#options = options;
  }

  connect(gateway: Gateway, again: Partial<Hello> = {}): this {
    const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
    this.#channel = near;
    this.isClosed = false;
    this.offered = 0;
    near.listen({ message: (message, payload) => void (this.#channel === near && this.#hear(message, payload)), closed: () => {
      if (this.#channel === near) this.isClosed = true;
    } });
    const { hello, description, origin = {}, wrap = (channel) => channel } = this.#options;
    this.say({ kind: "hello", protocol: protocolVersion, role: "driver", name: "a driver", ...hello, ...again });
    this.say({ kind: "submit", description: { job: this.job, name: `the job ${this.job}`, about: { columns: ["n"] }, segments: [doubler], priority: 0, weight: 1, volunteers: false, ...description } });
    gateway.accept(wrap(far) as never, origin);
    return this;
  }

  say(message: DriverToGateway, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  disconnect(): void {
    this.#channel?.close();
  }

  all<K extends GatewayToDriver["kind"]>(kind: K): Extract<GatewayToDriver, { readonly kind: K }>[] {
    return this.heard.flatMap(({ message }) => (message.kind === kind ? [message as Extract<GatewayToDriver, { readonly kind: K }>] : []));
  }

  /** Settles when it has all blocks. */
  async finished(): Promise<void> {
    await until(() => this.done.size === this.blocks.length);
  }

  async failure(): Promise<{ readonly code: string; readonly message: string }> {
    return (await until(() => this.all("job-failed").at(-1))).error;
  }

  /** What it was given of a block, in the order in which it came. */
  parts(block: number): { readonly message: PartMessage; readonly values: readonly unknown[] }[] {
    return this.heard.flatMap(({ message, payload }) => (message.kind === "part" && message.block === block ? [{ message, values: payload === undefined ? [] : columnValues(requireColumn(decodeBlock(payload), "twice")) }] : []));
  }

  /** All rows that it was given of the last answer for each block, in order. */
  values(): unknown[] {
    return this.blocks.flatMap((_, block) => {
      const parts = this.parts(block);
      const last = parts.findLastIndex(({ message }) => message.first === 0);
      return parts.slice(last).flatMap(({ values }) => values);
    });
  }

  #hear(message: GatewayToDriver, payload: Uint8Array | undefined): void {
    this.heard.push({ message, payload });
    if (message.kind === "block-done") this.done.add(message.block);
    if (message.kind === "ask") this.offer(message.blocks);
  }

  offer(count: number): void {
    const { ends = true } = this.#options;
    for (let left = count; left > 0 && this.offered < this.blocks.length; left--) {
      const block = this.offered++;
      const values = this.blocks[block] ?? [];
      this.say({ kind: "offer", job: this.job, segment: 0, block, rows: values.length, ...(this.taken.length > 0 && { taken: this.taken.splice(0) }) }, blockBytes(values));
      if (ends && this.offered === this.blocks.length) this.say({ kind: "input-ended", job: this.job, segment: 0, blocks: this.blocks.length });
    }
  }
}
