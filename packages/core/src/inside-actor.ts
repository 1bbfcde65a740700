import { ShoalError } from "./shoal-error.ts";

/** Set in the realm of an actor while and after it imports a job's module. */
interface InsideActor {
  onDefined(url: string, name: string): void;
}

const symbol = Symbol.for("shoal.inside-actor");
const realm = globalThis as { [symbol]?: InsideActor };

export function insideActor(): InsideActor | undefined {
  return realm[symbol];
}

/** Marks this realm as an actor's: from here on consuming a dataset throws `job-in-actor`. */
export function enterActor(actor: InsideActor = { onDefined: () => {} }): void {
  realm[symbol] = actor;
}

/**
 * Called by everything that starts a run. An actor imports the module that defines its predictor; if that module is the job itself, its
 * top level must not start the job again.
 * @throws `job-in-actor`
 */
export function assertNotInsideActor(): void {
  if (insideActor() !== undefined) {
    throw new ShoalError("job-in-actor", "A dataset was consumed inside an actor.", {
      hint: "Actors import the module of their predictor. Keep consuming calls out of predict(); at a script's top level they are fine.",
      failure: "bug",
    });
  }
}
