import { AsyncLocalStorage } from "node:async_hooks";
import { ShoalError } from "@shoal/core";

const importing = new AsyncLocalStorage<true>();

/** Imports the module of a predictor, which may be the job itself: what its body starts is marked, to the last promise. */
export function importJob(url: string): Promise<unknown> {
  return importing.run(true, () => import(url));
}

/**
 * A script's body runs again in every actor that imports it, up to where it consumes a dataset. Its output was already printed by the
 * job, and a `main().catch(() => process.exit(1))` must not end the actor.
 */
export function quietJobImports(): void {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    if (importing.getStore() !== true) return exit(code);
    throw new ShoalError("job-in-actor", "The body of a job's module called process.exit while an actor imported it.", { failure: "bug", hint: "Let the script end by itself (process.exitCode = 1), or keep predictors in a module of their own." });
  };
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = (...args: unknown[]) => {
      if (importing.getStore() !== true) return write(...args);
      const done = args.at(-1);
      if (typeof done === "function") process.nextTick(done as () => void);
      return true;
    };
  }
}
