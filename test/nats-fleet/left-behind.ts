import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ChaosFleet } from "./chaos-fleet.ts";

/** What finished jobs have left in engine and store, beyond tombstones; waits for what takes a moment. Empty: nothing. */
export async function leftBehind(fleet: ChaosFleet): Promise<string[]> {
  const { engine, jsm, store, folder } = fleet;
  await fleet.until("the ledgers of finished jobs are removed", async () => (await engine.ledger.jobs()).every((job) => job.startsWith("~")));
  const left: string[] = [];
  const own = new Set(await engine.ledger.jobs());
  for await (const { config: { name, metadata = {} } } of jsm.streams.list()) {
    const isOwn = name === "shoal-register" || name === "shoal-queue" || Object.values(metadata).some((value) => own.has(value));
    if (!isOwn) left.push(`the stream ${name}`);
  }
  // What a gateway had that was killed comes again when its lease is over, and is dropped by whoever gets it then. Wants of gateways with free workers may lie there.
  await fleet.until("the tasks of finished jobs are gone from the queue", async () => {
    const { state } = await jsm.streams.info("shoal-queue", { subjects_filter: ">" });
    return Object.keys(state.subjects ?? {}).every((subject) => subject.startsWith("shoal.task.want-"));
  });
  fleet.diary.write("the queue is empty");
  // A consumer for each class and priority, which goes with its last task's age.
  for await (const { name } of jsm.consumers.list("shoal-queue")) if (!/^[a-z-]+-\d$/.test(name)) left.push(`the consumer ${name}`);
  await fleet.until("nobody leads a job that is over", async () => (await heldRoles(fleet)).length === 0);
  // A gateway that was cut off renews what it has not heard to be decided, until it hears that the job is over.
  await fleet.until("nobody keeps blobs of jobs that are over", async () => {
    await store.blobs.collect(() => false, 0);
    // Models and code stay for the next job; what a killed gateway was writing goes after an hour.
    return filesUnder(join(folder, "store", "blobs")).every((path) => path.includes("/incoming/"));
  });
  return left;
}

async function roles({ jsm }: ChaosFleet): Promise<string[]> {
  const { state } = await jsm.streams.info("shoal-register", { subjects_filter: "shoal.register.role.>" });
  return Object.keys(state.subjects ?? {});
}

/** Roles of jobs. */
async function heldRoles(fleet: ChaosFleet): Promise<string[]> {
  const held: string[] = [];
  for (const subject of await roles(fleet)) {
    const message = await fleet.jsm.streams.getMessage("shoal-register", { last_by_subj: subject });
    const word = message === null ? undefined : (JSON.parse(message.string()) as { readonly role: string; readonly state: string });
    if (word?.state === "held" && word.role.startsWith("job ")) held.push(word.role);
  }
  return held;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
