// Rows 8, 9, 10, 13 and 24 of the fault table, and gateways and drivers that are killed: three real servers, three gateways, workers, runs, and everything that may happen to them in one run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom, type SeededRandom } from "@shoal/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { differing, onOneMachine, read, release, startJob, succeeded } from "../fleet/reviews.ts";
import { startShoal } from "../fleet/shoal-process.ts";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { faultsOf, type Strike } from "./chaos-faults.ts";
import { chaosJob, chaosName, startChaosFleet, type ChaosFleet } from "./chaos-fleet.ts";
import { extraByFault, type Struck } from "./extra-executions.ts";
import { LedgerReader } from "./ledger-reader.ts";
import { leftBehind } from "./left-behind.ts";

const isFull = process.env["SHOAL_CHAOS"] === "full";
/** `SHOAL_SEED=7` runs one; `SHOAL_CHAOS=full` ten of them, with ten thousand blocks each; `SHOAL_BLOCKS=2000` other numbers. */
const seeds = process.env["SHOAL_SEED"] === undefined ? Array.from({ length: isFull ? 10 : 1 }, (_, seed) => seed + 1) : [Number(process.env["SHOAL_SEED"])];
const blocks = Number(process.env["SHOAL_BLOCKS"] ?? (isFull ? 10_000 : 1_000));
const majorityMs = isFull ? 30_000 : 10_000;
/** A fault costs what was under way, however many blocks there are: in the full form no more than 3 %. */
const mostExtra = isFull ? 0.03 * blocks : 150;
const workers = 3;
/** Of the job with a real model, beside the other one. */
const reviewRows = 20 * 30;

describe.skipIf(findNatsServer() === undefined)("chaos", { timeout: isFull ? 1_800_000 : 600_000 }, () => {
  test.each(seeds)(`seed %i: ${blocks} blocks are committed, each once, whatever is killed, cut off, deleted and put back`, async (seed) => {
    const random = seededRandom(seed);
    const fleet = await startChaosFleet(workers);
    const { diary, folder } = fleet;
    const expected = { digests: await digestsOfOneMachine(folder), reviews: await onOneMachine(folder, { rows: reviewRows }) };
    diary.write(`seed ${seed}, ${blocks} blocks`);

    release(folder, 0);
    const reviews = startJob(folder, { rows: reviewRows, args: ["--on", fleet.links.links.submit] });
    fleet.release(0);
    fleet.drive(blocks);
    await fleet.until("the job has a ledger", async () => (await fleet.engine.ledger.jobs()).includes(chaosName));
    const reader = new LedgerReader(fleet.engine, chaosName);
    onTestFinished(() => reader.stop());
    const struck = await strikeAll(fleet, random, reader);

    fleet.release(blocks);
    await fleet.until("every block is committed", () => reader.blocks >= blocks);
    diary.write("every block is committed");
    const committed = await reader.replayed();
    const executions = fleet.executions();
    fleet.release(blocks + 1);
    await fleet.until("the run has ended", () => fleet.drivers.at(-1)?.child.exitCode != null);
    await fleet.until("the run with a model has ended", () => reviews.child.exitCode !== null);
    const extra = executions.length / blocks - 1;
    const line = `seed ${seed}: ${blocks} blocks, ${committed.length} commits, ${new Set(committed).size} of them of different blocks, ${executions.length} executions (${(100 * extra).toFixed(2)} % extra), ${diary.seconds} s`;
    const told = [line, ...extraByFault(executions, struck)].join("\n");
    console.log(told);
    diary.write(told);

    await succeeded(reviews);
    expect(differing(read(folder), expected.reviews)).toEqual([]);
    const digests = readFileSync(join(folder, "digests.jsonl"));
    expect(digests.equals(expected.digests)).toBe(true);
    expect(reader.doubled).toEqual([]);
    expect(committed).toHaveLength(blocks);
    expect(new Set(committed).size).toBe(blocks);
    for (const worker of fleet.workers) expect(worker.child.exitCode).toBeNull();
    expect(await leftBehind(fleet)).toEqual([]);
    expect(executions.length - blocks).toBeLessThanOrEqual(mostExtra);
  });
});

/** Each fault at a moment of the run that the seed chooses, while there is more to do. */
async function strikeAll(fleet: ChaosFleet, random: SeededRandom, reader: LedgerReader): Promise<Struck[]> {
  const struck: Struck[] = [];
  const faults = faultsOf(random);
  const share = Math.floor(blocks / (faults.length + 1));
  const strike: Strike = { fleet, random, job: reader.job, blocks, majorityMs, copied: undefined };
  for (const [at, fault] of faults.entries()) {
    fleet.release(Math.min(blocks, (at + 2) * share));
    release(fleet.folder, Math.round(((at + 1) / faults.length) * reviewRows));
    const moment = at * share + random.between(Math.floor(share / 4), share);
    await fleet.until(`${moment} blocks are committed (${fault.name})`, () => reader.blocks >= moment);
    fleet.diary.write(`${reader.blocks} blocks: ${fault.name}`);
    struck.push({ name: fault.name, at: Date.now() });
    await fault.strike(strike);
  }
  return struck;
}

async function digestsOfOneMachine(folder: string): Promise<Buffer> {
  await succeeded(startShoal(folder, ["run", chaosJob, "--json", "--cpus", "1"], { env: { SHOAL_BLOCKS: String(blocks), SHOAL_OUT: "digests-alone.jsonl", SHOAL_UNCOUNTED: "1" } }));
  return readFileSync(join(folder, "digests-alone.jsonl"));
}
