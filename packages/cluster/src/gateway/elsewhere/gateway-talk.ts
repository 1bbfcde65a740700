import { ShoalError, type JsonObject } from "@shoal/core";
import { noteInLedger, type LedgerEntry } from "../../engine/index.ts";
import type { GatewayState } from "../gateway-state.ts";
import { coordinatorLedger } from "../own-ledgers.ts";

const againMs = 1_000;

export interface TalkListener {
  /** Another gateway has the driver of a job that is led here. True: it may have the job. */
  wanted(job: string, driver: string, proven: boolean): Promise<boolean>;
  /** Another gateway has results of a job that may be led here. */
  helped(job: string): void;
  /** What all gateways have in common is gone with the ledger that held it: this one puts back what it has of it. */
  lost(): Promise<void>;
}

/** The few things that gateways of one engine say to all others, by a ledger that each of them follows. While there is one gateway nothing is said. */
export class GatewayTalk {
  readonly #state: GatewayState;
  readonly #listener: TalkListener;
  /** Who waits for a job, and is told that it is kept. */
  readonly #asking = new Map<string, () => void>();
  #seq = -1;

  constructor(state: GatewayState, listener: TalkListener) {
    this.#state = state;
    this.#listener = listener;
  }

  /** What was said before this gateway came is not for it. */
  async open(): Promise<void> {
    const { ledger } = this.#state.engine;
    await ledger.open(coordinatorLedger);
    for await (const { seq } of ledger.replay(coordinatorLedger)) this.#seq = seq;
  }

  async listen(): Promise<void> {
    const { engine, signal, clock, log } = this.#state;
    while (!signal.aborted) {
      try {
        for await (const entry of engine.ledger.follow(coordinatorLedger, signal, this.#seq + 1)) this.#hear(entry);
        if (!signal.aborted) await this.#begin();
      } catch (error) {
        if (!signal.aborted) log.debug(`Other gateways can't be heard now: ${ShoalError.from(error).message}`);
      }
      await clock.sleep(againMs, signal).catch(() => {});
    }
  }

  /** The ledger was taken, by an operator or with a disk: in a new one places begin anew. */
  async #begin(): Promise<void> {
    const { ledger } = this.#state.engine;
    await ledger.open(coordinatorLedger);
    let last = 0;
    for await (const { seq } of ledger.replay(coordinatorLedger)) last = seq;
    this.#seq = Math.min(this.#seq, last);
    await this.#listener.lost();
  }

  /** Asks whoever leads a job to let it go, for its driver is here. @param onKept its driver is there */
  async want(job: string, driver: string, proven: boolean, onKept: () => void, signal: AbortSignal): Promise<void> {
    this.#asking.set(job, onKept);
    signal.addEventListener("abort", () => {
      if (this.#asking.get(job) === onKept) this.#asking.delete(job);
    }, { once: true });
    await this.#say({ kind: "wanted", job, gateway: this.#state.loop.epoch, driver, proven }, signal);
  }

  /** Who leads the job is to look into its ledger. */
  async help(job: string): Promise<void> {
    await this.#say({ kind: "helped", job, gateway: this.#state.loop.epoch }, this.#state.signal);
  }

  #hear(entry: LedgerEntry): void {
    this.#seq = Math.max(this.#seq, entry.seq);
    if (entry.kind !== "note") return;
    const { kind, job, gateway, driver, proven, to } = entry.record;
    const { loop, signal } = this.#state;
    if (typeof job !== "string" || typeof gateway !== "number" || gateway === loop.epoch) return;
    if (kind === "helped") this.#listener.helped(job);
    if (kind === "kept" && to === loop.epoch) this.#asking.get(job)?.();
    if (kind !== "wanted" || this.#state.jobs.get(job)?.role === undefined) return;
    const answer = async (): Promise<void> => {
      if (!(await this.#listener.wanted(job, typeof driver === "string" ? driver : "", proven === true))) await this.#say({ kind: "kept", job, gateway: loop.epoch, to: gateway }, signal);
    };
    answer().catch(() => {});
  }

  async #say(record: JsonObject, signal: AbortSignal): Promise<void> {
    const { engine, clock, random } = this.#state;
    await noteInLedger(engine.ledger, coordinatorLedger, record, { clock, random, signal });
  }
}
