import { ShoalError } from "@shoal/core";
import type { QueueLease } from "../../../engine/index.ts";
import { isLendable } from "../../../scheduler/index.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { StandIn, standInName } from "./stand-in.ts";
import { devices, wantClass } from "../loan.ts";
import { wantLifeMs, wantOf, type Want } from "../want.ts";

const mostWants = 16;
const pauseMs = 1_000;
/** A stand-in that nobody wants anything for. */
const standInIdleMs = 30_000;
/** Stands for whoever had blocks of a job before it came to be led here. */
const beforeName = "elsewhere before";
const nobody: Want = { gateway: 0, device: "cpu", blocks: 0, volunteer: true, runsCode: false, memoryBytes: 0, cpus: 0, gpus: 0, models: [] };

/** What other gateways want, as workers of the scheduler: wants come by the queue where more is ready here than workers here begin soon, and become credit of stand-ins. */
export class StandIns {
  readonly #state: GatewayState;
  readonly #standIns = new Map<string, StandIn>();
  /** Blocks that gateways would take, however many classes they said it for. */
  readonly #hunger = new Map<number, number>();
  #isPulling = false;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  [Symbol.iterator](): MapIterator<StandIn> {
    return this.#standIns.values();
  }

  get(connection: string): StandIn | undefined {
    return this.#standIns.get(connection);
  }

  /** Lets go of what nobody wants any more, and asks the queue what others want. Called about twice a second. */
  mind(now: number): void {
    for (const standIn of this.#standIns.values()) {
      for (const [gateway, at] of standIn.wants) if (now - at > wantLifeMs) standIn.wants.delete(gateway);
      if (standIn.lent.size > 0 || standIn.wants.size > 0) standIn.usedAt = now;
      if (now - standIn.usedAt < standInIdleMs) continue;
      this.#standIns.delete(standIn.joined.connection);
      this.#state.loop.tell({ kind: "connection-lost", connection: standIn.joined.connection });
    }
    for (const gateway of this.#hunger.keys()) if (![...this.#standIns.values()].some(({ wants }) => wants.has(gateway))) this.#hunger.delete(gateway);
    this.#tellCredits(true);
    if (!this.#isPulling && this.#surplusDevices().length > 0) void this.#pull();
  }

  /** Tasks were leased to the stand-in: its gateways would take as many fewer. */
  spend(standIn: StandIn, tasks: number): void {
    let left = tasks;
    for (const gateway of standIn.wants.keys()) {
      const wanted = this.#hunger.get(gateway) ?? 0;
      this.#hunger.set(gateway, Math.max(0, wanted - left));
      left = Math.max(0, left - wanted);
    }
    this.#tellCredits();
  }

  isBefore({ joined }: StandIn): boolean {
    return joined.connection === beforeName;
  }

  /** The stand-in for what others had of a job before it came to be led here: its name for the scheduler, which leases it nothing of itself. */
  before(): string {
    if (this.#standIns.has(beforeName)) return beforeName;
    const { loop, date, clock } = this.#state;
    const standIn = new StandIn(beforeName, nobody, date());
    Object.assign(standIn, { joined: { ...standIn.joined, devices: [], memoryBytes: -1 }, usedAt: clock.now() });
    this.#standIns.set(beforeName, standIn);
    loop.tell(standIn.joined);
    return beforeName;
  }

  /** Devices of which there is more here than workers here begin soon. */
  #surplusDevices(): string[] {
    const { loop, jobs } = this.#state;
    const found = new Set<string>();
    for (const job of loop.state.jobs.values()) {
      if (job.spec.borrowed === true || jobs.get(job.spec.job)?.state !== "running") continue;
      for (const segment of job.segments) {
        if (!isLendable(loop.state, segment)) continue;
        const { devices: needed } = segment.spec.needs;
        for (const device of needed.length === 0 ? devices : needed) found.add(wantClass(device));
      }
    }
    return [...found];
  }

  async #pull(): Promise<void> {
    const { engine, clock, settings, signal, log } = this.#state;
    this.#isPulling = true;
    try {
      for (let classes = this.#surplusDevices(); classes.length > 0 && !signal.aborted; classes = this.#surplusDevices()) {
        const leases = await engine.queue.pull(classes, mostWants, settings.wantMs, signal);
        if (leases.length === 0) return;
        for (const lease of leases) this.#take(lease);
        this.#tellCredits();
      }
    } catch (error) {
      if (signal.aborted) return;
      log.debug(`The queue can't be asked now: ${ShoalError.from(error).message}`);
      await clock.sleep(pauseMs, signal).catch(() => {});
    } finally {
      this.#isPulling = false;
    }
  }

  #take(lease: QueueLease): void {
    // Whoever hungers says it again.
    lease.acknowledge().catch(() => {});
    const { loop, clock } = this.#state;
    const want = wantOf(lease.task.body);
    if (want === undefined || want.gateway === loop.epoch) return;
    const now = clock.now();
    const standIn = this.#standInOf(want, now);
    standIn.wants.set(want.gateway, now);
    // What is on its way to those who want it they do not count yet.
    let unclaimed = 0;
    for (const { heardAt } of standIn.lent.values()) if (heardAt === undefined) unclaimed++;
    this.#hunger.set(want.gateway, Math.max(0, want.blocks - Math.ceil(unclaimed / standIn.wants.size)));
    const { connection } = standIn.joined;
    for (const model of want.models) if (!loop.state.connections.get(connection)?.models.has(model)) loop.tell({ kind: "worker-ready", connection, model });
  }

  #standInOf(want: Want, now: number): StandIn {
    const name = standInName(want);
    let standIn = this.#standIns.get(name);
    if (standIn !== undefined) return standIn;
    standIn = new StandIn(name, want, this.#state.date());
    standIn.usedAt = now;
    this.#standIns.set(name, standIn);
    this.#state.loop.tell(standIn.joined);
    return standIn;
  }

  /** Credit is what a stand-in has and what its gateways would still take. @param proves that those elsewhere are not silent, for that is looked at one by one */
  #tellCredits(proves = false): void {
    const { loop } = this.#state;
    for (const standIn of this.#standIns.values()) {
      const held = loop.state.connections.get(standIn.joined.connection)?.attempts.size ?? 0;
      let credit = held;
      for (const gateway of standIn.wants.keys()) credit += this.#hunger.get(gateway) ?? 0;
      if (credit === standIn.credit && !proves) continue;
      standIn.credit = credit;
      loop.tell({ kind: "worker-ready", connection: standIn.joined.connection, credit });
    }
  }
}
