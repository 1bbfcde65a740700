import type { JobSpec, SchedulerEvent } from "@shoal/cluster";
import type { SimulatedTime } from "./simulated-time.ts";

export interface SimulatedInput {
  readonly blocks: number;
  readonly rows: (block: number) => number;
  readonly bytes: (block: number) => number;
}

/** Reads its inputs as it is asked, and after a restart from the start. */
export class SimulatedDriver {
  readonly #time: SimulatedTime;
  readonly #send: (event: SchedulerEvent) => void;
  #next: number[] = [];
  #mayOffer: number[] = [];
  #ended: boolean[] = [];
  #life = 0;
  readonly done: Set<number>[];
  state: "running" | "done" | "failed" = "running";
  quarantinedRows = 0;

  constructor(readonly spec: JobSpec, readonly inputs: readonly SimulatedInput[], time: SimulatedTime, readonly readMs: number, send: (event: SchedulerEvent) => void) {
    [this.#time, this.#send] = [time, send];
    this.done = inputs.map(() => new Set<number>());
  }

  start(): void {
    this.#life++;
    this.#next = this.inputs.map(() => 0);
    this.#mayOffer = this.inputs.map(() => 0);
    this.#ended = this.inputs.map(() => false);
    this.#send({ kind: "job-submitted", spec: this.spec });
  }

  /** How many blocks lie between the driver and the ledger. */
  open(segment: number): number {
    return (this.#next[segment] as number) - (this.done[segment] as Set<number>).size;
  }

  asked(segment: number, blocks: number): void {
    this.#mayOffer[segment] = (this.#mayOffer[segment] as number) + blocks;
    const life = this.#life;
    const offer = (): void => {
      if (life !== this.#life || this.state !== "running") return;
      const { blocks: total, rows, bytes } = this.inputs[segment] as SimulatedInput;
      while ((this.#mayOffer[segment] as number) > 0 && (this.#next[segment] as number) < total) {
        const block = (this.#next[segment] as number);
        this.#next[segment] = block + 1;
        this.#mayOffer[segment] = (this.#mayOffer[segment] as number) - 1;
        this.#send({ kind: "block-offered", job: this.spec.job, segment, block, rows: rows(block), bytes: bytes(block) });
        if (this.readMs > 0) return this.#time.after(this.readMs, offer);
      }
      if ((this.#next[segment] as number) < total || this.#ended[segment] === true) return;
      this.#ended[segment] = true;
      this.#send({ kind: "input-ended", job: this.spec.job, segment, blocks: total });
    };
    this.#time.after(this.readMs, offer);
  }
}
