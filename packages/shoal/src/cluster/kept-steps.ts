import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planChanges, planIdentity, type PlanIdentity } from "@shoal/executor";
import type { JobSettings } from "@shoal/cluster";

interface KeptJob {
  readonly identity: string;
  readonly steps: PlanIdentity["steps"];
}

/**
 * The steps of a shared run's jobs, in the folder that the run is kept in. There a job is known by the hash of its plan: with other steps nothing is found of it, and this says
 * which are others. Models and libraries are no part of that name.
 */
export class KeptSteps {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "steps.json");
  }

  /** Notes a job. Gives what has changed since the job of an earlier run that it resembles most, a sentence each; undefined where there is none, or the very same. */
  async note(identity: string, plan: NonNullable<JobSettings["plan"]>): Promise<readonly string[] | undefined> {
    const { steps } = await planIdentity(plan, { modelVersion: async () => undefined, versions: async () => ({}) });
    const before = await this.#read();
    if (before.some((job) => job.identity === identity)) return undefined;
    await writeFile(`${this.#file}-new`, JSON.stringify([...before, { identity, steps } satisfies KeptJob]));
    await rename(`${this.#file}-new`, this.#file);
    const [fewest] = before.map((job) => planChanges({ steps: job.steps, versions: {} }, { steps, versions: {} })).toSorted((a, b) => a.length - b.length);
    return fewest?.length === 0 ? undefined : fewest;
  }

  async #read(): Promise<readonly KeptJob[]> {
    try {
      return JSON.parse(await readFile(this.#file, "utf8")) as readonly KeptJob[];
    } catch {
      return [];
    }
  }
}
