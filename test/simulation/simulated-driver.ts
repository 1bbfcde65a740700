import { protocolVersion, TakenBlocks, type DriverToGateway, type GatewayToDriver, type JobSpec, type Message } from "@shoal/cluster";
import { rowsOfTask } from "./rows-of-task.ts";
import { describeSegment } from "./simulated-segment.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import type { Codings, WireFormat } from "./wire-format.ts";

/** Takes a message of a driver, if its connection still stands when its turn comes. */
export type TakeFromDriver = (message: Message<DriverToGateway>, driver: SimulatedDriver, isCurrent: () => boolean) => void;

export interface SimulatedInput {
  readonly blocks: number;
  readonly rows: (block: number) => number;
  readonly bytes: (block: number) => number;
}

/** Reads its inputs as it is asked. After a restart it begins at the start; one whose job is passing lives on, and offers on a new connection what it has not got. */
export class SimulatedDriver {
  readonly spec: JobSpec;
  readonly inputs: readonly SimulatedInput[];
  readonly readMs: number;
  readonly #time: SimulatedTime;
  readonly #take: TakeFromDriver;
  readonly #format: WireFormat;
  readonly #inOrder: boolean;
  readonly isPassing: boolean;
  #codings: Codings<DriverToGateway, GatewayToDriver>;
  #next: number[] = [];
  #mayOffer: number[] = [];
  #ended: boolean[] = [];
  #offering: boolean[] = [];
  /** The first block of each segment that was never offered. */
  readonly #fresh: number[];
  readonly #taken: readonly TakenBlocks[];
  /** The first block of each segment that is not done. */
  readonly #first: number[];
  #life = 0;
  /** What the gateway says before it has taken the job from this life of the driver goes to an earlier one. */
  #isAccepted = false;
  readonly done: Set<number>[];
  state: "running" | "done" | "failed" = "running";
  quarantinedRows = 0;

  constructor(spec: JobSpec, inputs: readonly SimulatedInput[], time: SimulatedTime, readMs: number, format: WireFormat, take: TakeFromDriver, inOrder = false, isPassing = false) {
    [this.spec, this.inputs, this.#time, this.readMs, this.#format, this.#take, this.#inOrder] = [spec, inputs, time, readMs, format, take, inOrder];
    this.isPassing = isPassing;
    this.#first = inputs.map(() => 0);
    this.#fresh = inputs.map(() => 0);
    this.#taken = inputs.map(() => new TakenBlocks());
    this.#codings = format.driver();
    this.done = inputs.map(() => new Set<number>());
  }

  /** Its connection is lost, with all that is on the way, and it has no new one yet. */
  cut(): void {
    this.#life++;
    this.#isAccepted = false;
  }

  /** By a new connection. */
  start(): void {
    this.#life++;
    this.#isAccepted = false;
    this.#codings = this.#format.driver();
    this.#next = this.inputs.map(() => 0);
    this.#mayOffer = this.inputs.map(() => 0);
    this.#ended = this.inputs.map(() => false);
    this.#offering = this.inputs.map(() => false);
    const { job, priority, weight } = this.spec;
    this.#send({ kind: "hello", protocol: protocolVersion, role: "driver", name: job });
    this.#hear({ kind: "welcome", protocol: protocolVersion, key: `key of ${job}`, name: "simulation", beatMs: 4000 });
    const segments = this.inputs.map((_, segment) => describeSegment(segment));
    this.#tell({ kind: "submit", description: { job, name: job, about: { columns: ["text"] }, segments, priority, weight, volunteers: true, ...(this.isPassing && { passing: true }) } });
  }

  #tell(header: DriverToGateway, payload?: Uint8Array): void {
    const life = this.#life;
    this.#take(this.#send(header, payload), this, () => life === this.#life);
  }

  /** At once: what goes wrong between driver and gateway is in the order in which they are started anew. */
  #send(header: DriverToGateway, payload?: Uint8Array): Message<DriverToGateway> {
    const { up } = this.#codings;
    return up.decode(up.encode(header, payload));
  }

  get isStarted(): boolean {
    return this.#life > 0;
  }

  /** How many blocks lie between the driver and the ledger. */
  open(segment: number): number {
    return (this.#next[segment] as number) - (this.done[segment] as Set<number>).size;
  }

  /** What the gateway says. */
  tell(header: GatewayToDriver): void {
    if (!this.isStarted) return;
    const told = this.#hear(header);
    switch (told.kind) {
      case "accepted":
        this.#isAccepted = true;
        if (this.isPassing) for (const [segment, taken] of this.#taken.entries()) taken.again(this.#fresh[segment] as number, this.#held(segment));
        return;
      case "ask": return this.#asked(told.segment, told.blocks);
      case "block-done":
        // That went to the connection that was lost.
        if (this.isPassing && !this.#isAccepted) return;
        return this.#isDone(told.segment, told.block);
      case "job-failed":
        this.state = "failed";
        return;
      default:
    }
  }

  #hear(header: GatewayToDriver): GatewayToDriver {
    const { down } = this.#codings;
    return down.decode(down.encode(header, undefined)).header;
  }

  /** Rows go out in order: what is done behind a block that is not is kept, and stops the reading once it is too much. */
  get first(): readonly number[] {
    return this.#first;
  }

  #isDone(segment: number, block: number): void {
    const done = this.done[segment] as Set<number>;
    if (this.isPassing && !done.has(block)) this.#taken[segment]?.add(block);
    done.add(block);
    while (done.has(this.#first[segment] as number)) this.#first[segment] = (this.#first[segment] as number) + 1;
    if (this.#inOrder) this.#offer(segment);
  }

  *#held(segment: number): Generator<number, void, undefined> {
    for (let block = 0; block < (this.#fresh[segment] as number); block++) if (this.done[segment]?.has(block) === false) yield block;
  }

  #skipDone(segment: number): void {
    if (this.isPassing) while (this.done[segment]?.has(this.#next[segment] as number) === true) this.#next[segment] = (this.#next[segment] as number) + 1;
  }

  /** As the executor's window: twice what may be open. */
  #hasRoom(segment: number): boolean {
    const capacity = this.open(segment) + (this.#mayOffer[segment] as number);
    return !this.#inOrder || (this.#next[segment] as number) - (this.#first[segment] as number) < Math.max(8, 2 * capacity);
  }

  #asked(segment: number, blocks: number): void {
    if (!this.#isAccepted) return;
    this.#mayOffer[segment] = (this.#mayOffer[segment] as number) + blocks;
    this.#offer(segment);
  }

  #offer(segment: number): void {
    if (this.#offering[segment] === true) return;
    this.#offering[segment] = true;
    const life = this.#life;
    const { job } = this.spec;
    const offer = (): void => {
      if (life !== this.#life || this.state !== "running") return;
      const { blocks: total, rows } = this.inputs[segment] as SimulatedInput;
      this.#skipDone(segment);
      while ((this.#mayOffer[segment] as number) > 0 && (this.#next[segment] as number) < total && this.#hasRoom(segment)) {
        const block = this.#next[segment] as number;
        this.#next[segment] = block + 1;
        this.#mayOffer[segment] = (this.#mayOffer[segment] as number) - 1;
        this.#fresh[segment] = Math.max(this.#fresh[segment] as number, block + 1);
        const taken = this.#taken[segment]?.next();
        this.#tell({ kind: "offer", job, segment, block, rows: rows(block), ...(taken !== undefined && { taken }) }, rowsOfTask({ job, segment, block, first: 0, rows: rows(block) }));
        this.#skipDone(segment);
        if (this.readMs > 0) return this.#time.after(this.readMs, offer);
      }
      this.#offering[segment] = false;
      if ((this.#next[segment] as number) < total || this.#ended[segment] === true) return;
      this.#ended[segment] = true;
      this.#tell({ kind: "input-ended", job, segment, blocks: total });
    };
    this.#time.after(this.readMs, offer);
  }
}
