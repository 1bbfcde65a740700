import type { JobSpec, SchedulerEvent } from "@shoal/cluster";
import type { SimulatedTime } from "./simulated-time.ts";

export type Send = (event: SchedulerEvent, isCurrent: () => boolean) => void;

export interface SimulatedInput {
  readonly blocks: number;
  readonly rows: (block: number) => number;
  readonly bytes: (block: number) => number;
}

/** Reads its inputs as it is asked, and after a restart from the start. */
export class SimulatedDriver {
  readonly spec: JobSpec;
  readonly inputs: readonly SimulatedInput[];
  readonly readMs: number;
  readonly #time: SimulatedTime;
  readonly #send: Send;
  #next: number[] = [];
  #mayOffer: number[] = [];
  #ended: boolean[] = [];
  #life = 0;
  /** What the gateway says before it has taken the job from this life of the driver goes to an earlier one. */
  #isAccepted = false;
  readonly done: Set<number>[];
  state: "running" | "done" | "failed" = "running";
  quarantinedRows = 0;

  constructor(spec: JobSpec, inputs: readonly SimulatedInput[], time: SimulatedTime, readMs: number, send: Send) {
    [this.spec, this.inputs, this.#time, this.readMs, this.#send] = [spec, inputs, time, readMs, send];
    this.done = inputs.map(() => new Set<number>());
  }

  start(): void {
    this.#life++;
    this.#isAccepted = false;
    this.#next = this.inputs.map(() => 0);
    this.#mayOffer = this.inputs.map(() => 0);
    this.#ended = this.inputs.map(() => false);
    this.#tell({ kind: "job-submitted", spec: this.spec });
  }

  #tell(event: SchedulerEvent): void {
    const life = this.#life;
    this.#send(event, () => life === this.#life);
  }

  get isStarted(): boolean {
    return this.#life > 0;
  }

  /** How many blocks lie between the driver and the ledger. */
  open(segment: number): number {
    return (this.#next[segment] as number) - (this.done[segment] as Set<number>).size;
  }

  accepted(): void {
    this.#isAccepted = true;
  }

  asked(segment: number, blocks: number): void {
    if (!this.#isAccepted) return;
    this.#mayOffer[segment] = (this.#mayOffer[segment] as number) + blocks;
    const life = this.#life;
    const offer = (): void => {
      if (life !== this.#life || this.state !== "running") return;
      const { blocks: total, rows, bytes } = this.inputs[segment] as SimulatedInput;
      while ((this.#mayOffer[segment] as number) > 0 && (this.#next[segment] as number) < total) {
        const block = (this.#next[segment] as number);
        this.#next[segment] = block + 1;
        this.#mayOffer[segment] = (this.#mayOffer[segment] as number) - 1;
        this.#tell({ kind: "block-offered", job: this.spec.job, segment, block, rows: rows(block), bytes: bytes(block) });
        if (this.readMs > 0) return this.#time.after(this.readMs, offer);
      }
      if ((this.#next[segment] as number) < total || this.#ended[segment] === true) return;
      this.#ended[segment] = true;
      this.#tell({ kind: "input-ended", job: this.spec.job, segment, blocks: total });
    };
    this.#time.after(this.readMs, offer);
  }
}
