// What is done to a fleet while it works. Each fault ends with everything mended; then the fleet is to go on by itself.
import type { SeededRandom } from "@shoal/testing";
import type { ChaosFleet, ChaosGateway } from "./chaos-fleet.ts";

export interface Strike {
  readonly fleet: ChaosFleet;
  readonly random: SeededRandom;
  /** The job of cheap blocks. */
  readonly job: string;
  readonly blocks: number;
  /** How long the majority of the servers is away. */
  readonly majorityMs: number;
  /** A server whose store was copied a while ago. */
  copied: number | undefined;
}

export interface Fault {
  readonly name: string;
  /** Of the fault table. */
  readonly row: number;
  strike(strike: Strike): Promise<void>;
}

/** Roles run out within 15 s. */
const longMs = 20_000;
const shortMs = 6_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const leaderKilled: Fault = {
  name: "the server that leads the ledger is killed", row: 8,
  async strike(strike) {
    const { fleet, random, job } = strike;
    const { nats, diary } = fleet;
    const stream = await ledgerOf(fleet, job);
    let leader: number | undefined;
    await fleet.until(`${stream} has a leader`, async () => (leader = await nats.leaderOf(stream)) !== undefined);
    if (leader === undefined) return;
    diary.write(`n${leader}, which leads the ledger, is killed`);
    await nats.kill(leader);
    await nats.copyStore(leader);
    strike.copied = leader;
    await pause(random.between(2_000, 6_000));
    await restarted(strike, [leader]);
  },
};

const majorityKilled: Fault = {
  name: "the majority of the servers is killed", row: 9,
  async strike(strike) {
    const { fleet: { nats, diary }, random, majorityMs } = strike;
    const left = random.between(0, 2);
    const killed = nats.urls.map((_, index) => index).filter((index) => index !== left);
    diary.write(`${killed.map((index) => `n${index}`).join(" and ")} are killed, for ${majorityMs / 1000} s`);
    await Promise.all(killed.map((index) => nats.kill(index)));
    await pause(majorityMs);
    await restarted(strike, killed);
  },
};

const queueDeleted: Fault = {
  name: "the queue is deleted", row: 10,
  async strike({ fleet: { jsm, diary } }) {
    const { state } = await jsm.streams.info("shoal-queue");
    diary.write(`the queue is deleted, with ${state.messages} tasks and wants`);
    await jsm.streams.delete("shoal-queue");
  },
};

const storeRestored: Fault = {
  name: "a server gets an older copy of its store", row: 24,
  async strike(strike) {
    const { fleet: { nats, diary }, copied } = strike;
    if (copied === undefined) throw new Error("No store was copied before.");
    diary.write(`n${copied} is killed, and gets its store of before`);
    await nats.kill(copied);
    await nats.restoreStore(copied);
    await restarted(strike, [copied]);
  },
};

const homeCut: Fault = {
  name: "the gateway that leads the job is cut off from the engine", row: 13,
  async strike(strike) {
    await cut(strike, await home(strike), ["up", "down"], longMs);
  },
};

const guestCut: Fault = {
  name: "another gateway is cut off from the engine, in one direction", row: 13,
  async strike(strike) {
    await cut(strike, await guest(strike), [strike.random.pick(["up", "down"] as const)], strike.random.pick([shortMs, longMs]));
  },
};

const homeCutOneWay: Fault = {
  name: "the gateway that leads the job is cut off from the engine, in one direction", row: 13,
  async strike(strike) {
    await cut(strike, await home(strike), [strike.random.pick(["up", "down"] as const)], strike.random.pick([shortMs, longMs]));
  },
};

const homeKilled: Fault = { name: "the gateway that leads the job is killed", row: 5, strike: async (strike) => killGateway(strike, await home(strike)) };
const guestKilled: Fault = { name: "another gateway is killed", row: 5, strike: async (strike) => killGateway(strike, await guest(strike)) };

const driverKilled: Fault = {
  name: "the driver is killed", row: 5,
  async strike({ fleet, random, blocks }) {
    fleet.diary.write("the driver is killed");
    await fleet.drivers.at(-1)?.kill();
    await pause(random.between(0, 3_000));
    fleet.drive(blocks);
  },
};

const all: readonly Fault[] = [leaderKilled, majorityKilled, queueDeleted, storeRestored, homeCut, guestCut, homeCutOneWay, homeKilled, guestKilled, driverKilled];

/** All of them, in an order of the seed. What wants an older copy of a store comes after what copies it. */
export function faultsOf(random: SeededRandom): Fault[] {
  const left = [...all];
  const order = Array.from(all, () => left.splice(random.between(0, left.length - 1), 1)[0] as Fault);
  const [copies, restores] = [order.indexOf(leaderKilled), order.indexOf(storeRestored)];
  if (restores < copies) [order[copies], order[restores]] = [storeRestored, leaderKilled];
  return order;
}

async function restarted({ fleet }: Strike, servers: readonly number[]): Promise<void> {
  await Promise.all(servers.map((index) => fleet.nats.restart(index)));
  await fleet.nats.ready();
  fleet.diary.write(`${servers.map((index) => `n${index}`).join(" and ")} are back`);
}

async function cut({ fleet: { diary } }: Strike, { name, lines }: ChaosGateway, directions: readonly ("up" | "down")[], ms: number): Promise<void> {
  diary.write(`${name} is cut off from the engine, ${directions.join(" and ")}, for ${ms / 1000} s`);
  for (const line of lines) line.cut(...directions);
  await pause(ms);
  for (const line of lines) line.heal();
  diary.write(`${name} reaches the engine again`);
}

async function killGateway({ fleet: { diary }, random }: Strike, gateway: ChaosGateway): Promise<void> {
  diary.write(`${gateway.name} is killed`);
  await gateway.kill();
  await pause(random.between(1_000, 5_000));
  await gateway.start();
  diary.write(`${gateway.name} is back`);
}

async function home({ fleet, job }: Strike): Promise<ChaosGateway> {
  let found: ChaosGateway | undefined;
  await fleet.until("a gateway leads the job", async () => (found = await fleet.homeOf(job)) !== undefined);
  fleet.diary.write(`${found?.name} leads the job`);
  return found as ChaosGateway;
}

async function guest(strike: Strike): Promise<ChaosGateway> {
  const leads = await home(strike);
  return strike.random.pick(strike.fleet.gateways.filter((gateway) => gateway !== leads));
}

/** The stream of a job's ledger: its name is in the metadata. */
async function ledgerOf({ jsm }: ChaosFleet, job: string): Promise<string> {
  for await (const { config } of jsm.streams.list("shoal.ledger.>")) if (Object.values(config.metadata ?? {}).includes(job)) return config.name;
  throw new Error(`There is no stream for the ledger of ${job}.`);
}
