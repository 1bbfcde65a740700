// Several gateways over one engine in memory, on a clock that stands still. They can be killed: dropped as they are, nobody told.
import { createGateway, memoryEngine, type Engine, type Gateway, type GatewayParts, type JobSnapshot, type Ledger } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import { FakeClock, seededRandom } from "@shoal/testing";
import { onTestFinished } from "vitest";
import { passUntil } from "./open-gateway.ts";
import type { ScriptedDriver } from "./scripted-driver.ts";
import type { ScriptedWorker } from "./scripted-worker.ts";

export interface OneOfSeveral {
  readonly gateway: Gateway;
  readonly name: string;
  isAlive: boolean;
  /** Its process is gone: the engine hears nothing of it any more, and every connection breaks. */
  kill(): void;
  /** The engine can't be reached from it until the returned function is called. */
  cutOff(): () => void;
}

export interface SeveralGateways {
  readonly clock: FakeClock;
  readonly engine: Engine;
  readonly gateways: OneOfSeveral[];
  at(index: number): OneOfSeveral;
  add(parts?: Partial<GatewayParts>): Promise<OneOfSeveral>;
  /** Connects, and is cut when that gateway is killed. */
  nameOf(client: ScriptedDriver | ScriptedWorker): string | undefined;
  /** Where a client was connected last. */
  homeOf(client: ScriptedDriver | ScriptedWorker): Gateway | undefined;
  connect<C extends ScriptedDriver | ScriptedWorker>(client: C, to: OneOfSeveral, hello?: object): C;
}

export async function severalGateways(count: number, parts: Partial<GatewayParts> & { readonly wrap?: (engine: Engine, name: string, clock: FakeClock) => Engine; readonly engineOver?: (clock: FakeClock) => Engine } = {}): Promise<SeveralGateways> {
  const { wrap = (engine) => engine, engineOver = (clock) => memoryEngine({ clock }), ...rest } = parts;
  const clock = new FakeClock();
  const engine = parts.engine ?? engineOver(clock);
  const random = seededRandom(1);
  const gateways: OneOfSeveral[] = [];
  const clients = new Map<ScriptedDriver | ScriptedWorker, OneOfSeveral>();
  const add = async (more: Partial<GatewayParts> = {}): Promise<OneOfSeveral> => {
    const name = `gateway ${gateways.length}`;
    const line = new EngineLine(wrap(engine, name, clock), clock);
    const gateway = await createGateway({ clock, random: () => random.next(), secret: new Uint8Array(32).fill(7), name, date: () => 1_700_000_000_000 + clock.now(), ...rest, ...more, engine: line.engine });
    const one: OneOfSeveral = {
      gateway, name, isAlive: true,
      kill: () => {
        one.isAlive = false;
        line.isDead = true;
        for (const [client, at] of clients) if (at === one) client.disconnect();
      },
      cutOff: () => line.cutOff(),
    };
    gateways.push(one);
    return one;
  };
  for (let index = 0; index < count; index++) await add();
  onTestFinished(async () => {
    const closing = gateways.filter(({ isAlive }) => isAlive).map(({ gateway }) => gateway.close());
    let closed = false;
    void Promise.all(closing).then(() => (closed = true));
    await passUntil(clock, () => closed, 1_000);
  });
  return {
    clock, engine, gateways, add,
    at: (index) => gateways[index] as OneOfSeveral,
    nameOf: (client) => clients.get(client)?.name,
    homeOf: (client) => clients.get(client)?.gateway,
    connect: (client, to, hello) => {
      clients.set(client, to);
      client.connect(to.gateway, hello);
      return client;
    },
  };
}

export function jobOf({ gateway }: OneOfSeveral, name = "job"): JobSnapshot | undefined {
  return gateway.snapshot().jobs.find(({ job }) => job === name);
}

const lineMs = 4_000;

/** The line between a gateway and the engine: while it is cut nothing arrives, and who asks is told after a while that it is not known. A dead one is told nothing. */
class EngineLine {
  readonly engine: Engine;
  isDead = false;
  #isCut = false;
  /** Somebody has asked in vain since it was cut. */
  #isKnownCut = false;

  constructor({ ledger, queue, leader, blobs, ...rest }: Engine, clock: Clock) {
    const noAnswer = (): ShoalError => new ShoalError("engine-paused", "The engine does not answer.", { hint: "Try again." });
    const over = async <T>(ask: () => Promise<T>): Promise<T> => {
      if (this.isDead) return new Promise<never>(() => {});
      if (!this.#isCut) return ask();
      await clock.sleep(lineMs);
      this.#isKnownCut = this.#isCut;
      throw noAnswer();
    };
    const written = <T>(write: () => Promise<T>): Promise<T | { readonly outcome: "undecided"; readonly reason: ShoalError }> => over(write).catch((error: unknown) => ({ outcome: "undecided", reason: ShoalError.from(error) }));
    this.engine = {
      ...rest, status: () => (this.#isKnownCut ? { state: "paused", reason: noAnswer() } : rest.status()), close: () => rest.close(),
      ledger: {
        open: (job) => over(() => ledger.open(job)), remove: (job) => over(() => ledger.remove(job)), jobs: () => over(() => ledger.jobs()),
        commit: (job, block, record) => written(() => ledger.commit(job, block, record)), committed: (job, block) => over(() => ledger.committed(job, block)),
        note: (job, record) => written(() => ledger.note(job, record)), append: (job, records, fence) => written(() => ledger.append(job, records, fence)),
        replay: (job, from) => ledger.replay(job, from),
        follow: (job, signal, from) => this.#follow(ledger.follow(job, signal, from)),
      },
      queue: { leaseMs: queue.leaseMs, offer: (task) => over(() => queue.offer(task)), pull: (classes, most, waitMs, signal) => over(async () => {
        const leases = await queue.pull(classes, most, waitMs, signal);
        // What came when nobody was there any more is on loan until its time is over.
        if (this.isDead) return new Promise<never>(() => {});
        if (this.#isCut) return over<typeof leases>(() => Promise.resolve([]));
        return leases.map((lease) => ({ ...lease, extend: () => over(() => lease.extend()), acknowledge: () => over(() => lease.acknowledge()), giveBack: (ms?: number) => over(() => lease.giveBack(ms)) }));
      }) },
      leader: { shortestTtlMs: leader.shortestTtlMs, acquire: async (role, ttlMs, signal) => {
        const held = await over(() => leader.acquire(role, ttlMs, signal));
        return { role: held.role, epoch: held.epoch, lost: held.lost, renew: () => over(() => held.renew()), release: () => over(() => held.release()) };
      } },
      blobs: {
        put: (sha256, bytes) => over(() => blobs.put(sha256, bytes)), get: (sha256, range) => over(() => blobs.get(sha256, range)), size: (sha256) => over(() => blobs.size(sha256)),
        collect: (isReferenced, graceMs) => over(() => blobs.collect(isReferenced, graceMs)),
      },
    };
  }

  cutOff(): () => void {
    this.#isCut = true;
    return () => void (this.#isCut = this.#isKnownCut = false);
  }

  async *#follow<T>(entries: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const entry of entries) {
      while (this.#isCut && !this.isDead) await new Promise((resolve) => setTimeout(resolve, 5));
      if (this.isDead) return await new Promise<never>(() => {});
      yield entry;
    }
  }
}

/** A ledger's methods, to be put beside others. */
export function boundLedger(ledger: Ledger): Ledger {
  return {
    open: (job) => ledger.open(job), remove: (job) => ledger.remove(job), jobs: () => ledger.jobs(), commit: (...args) => ledger.commit(...args), committed: (...args) => ledger.committed(...args),
    note: (...args) => ledger.note(...args), append: (...args) => ledger.append(...args), replay: (...args) => ledger.replay(...args), follow: (...args) => ledger.follow(...args),
  };
}
