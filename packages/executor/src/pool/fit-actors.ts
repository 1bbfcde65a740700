import { ShoalError, type Resources } from "@shoal/core";
import { formatBytes, plural } from "../stats/format-quantity.ts";

/** What one pool asks for. */
export interface PoolRequest {
  readonly name: string;
  readonly minActors: number;
  readonly maxActors: number;
  readonly numCpus: number;
  readonly numGpus: number;
  /** Bytes per actor; 0 where unknown. */
  readonly memory: number;
}

/** What it gets. */
export interface PoolFit {
  readonly minActors: number;
  readonly maxActors: number;
  /** Threads an actor may use for one operation. */
  readonly threads: number;
  /** GPU of each actor, by its slot in the pool. */
  readonly deviceIndexes: readonly number[];
  /** What a person should know, as in `sentiment: 2 of 20 actors fit: 2 CPUs.` */
  readonly notice?: string;
}

/**
 * How many actors fit the machine, for all pools of a plan at once. Every pool gets at least one actor, for a plan in which one pool waits
 * for another's CPU would never end; what is left goes to the pool with the smallest share of what it asked for.
 * @throws `resources-do-not-fit` when a pool's actor alone does not fit, or one actor of each pool exceeds the memory.
 */
export function fitActors(pools: readonly PoolRequest[], resources: Resources): PoolFit[] {
  for (const pool of pools) assertFits(pool, resources);
  assertMemoryHoldsOneOfEach(pools, resources);
  const actors = grant(pools, resources);
  const total = actors.reduce((sum, count) => sum + count, 0);
  let gpu = 0;
  return pools.map((pool, at) => {
    const maxActors = actors[at] as number;
    const deviceIndexes = Array.from({ length: maxActors }, (_, slot) => (pool.numGpus === 0 ? 0 : Math.floor(gpu + slot * pool.numGpus) % Math.max(1, resources.gpus)));
    gpu += maxActors * pool.numGpus;
    const notice = noticeOf(pool, maxActors, resources);
    return {
      minActors: Math.min(pool.minActors, maxActors), maxActors, deviceIndexes,
      threads: pool.numCpus > 1 ? Math.floor(pool.numCpus) : Math.max(1, Math.floor(resources.cpus / total)),
      ...(notice === undefined ? {} : { notice }),
    };
  });
}

function grant(pools: readonly PoolRequest[], resources: Resources): number[] {
  const actors = pools.map(() => 1);
  for (;;) {
    let next = -1;
    for (const [at, pool] of pools.entries()) {
      const count = actors[at] as number;
      if (count >= pool.maxActors || !fitsOneMore(pools, actors, pool, resources)) continue;
      if (next < 0 || count / pool.maxActors < (actors[next] as number) / (pools[next] as PoolRequest).maxActors) next = at;
    }
    if (next < 0) return actors;
    actors[next] = (actors[next] as number) + 1;
  }
}

function fitsOneMore(pools: readonly PoolRequest[], actors: readonly number[], more: PoolRequest, resources: Resources): boolean {
  const used = (need: (pool: PoolRequest) => number): number => pools.reduce((sum, pool, at) => sum + need(pool) * (actors[at] as number), need(more));
  const within = (need: (pool: PoolRequest) => number, have: number): boolean => need(more) === 0 || used(need) <= have + 1e-9;
  return within((pool) => pool.numCpus, resources.cpus) && within((pool) => pool.numGpus, resources.gpus) && within((pool) => pool.memory, resources.memory);
}

function assertFits(pool: PoolRequest, resources: Resources): void {
  if (pool.numCpus > resources.cpus) throw doesNotFit(pool, "numCpus", "--cpus", plural(pool.numCpus, "CPU"), plural(resources.cpus, "CPU"), pool.numCpus, resources.cpus);
  if (pool.numGpus > resources.gpus) throw doesNotFit(pool, "numGpus", "--gpus", plural(pool.numGpus, "GPU"), plural(resources.gpus, "GPU"), pool.numGpus, resources.gpus);
  if (pool.memory > resources.memory) throw doesNotFit(pool, "memory", "--memory", formatBytes(pool.memory), formatBytes(resources.memory), pool.memory, resources.memory);
}

function assertMemoryHoldsOneOfEach(pools: readonly PoolRequest[], resources: Resources): void {
  const need = pools.reduce((sum, pool) => sum + pool.memory, 0);
  if (need <= resources.memory) return;
  throw new ShoalError("resources-do-not-fit", `One actor each of ${pools.map((pool) => pool.name).join(" and ")} needs ${formatBytes(need)} of memory; this run has ${formatBytes(resources.memory)}.`, {
    failure: "bug",
    hint: "Lower the option memory of one of them, run them as two jobs, or declare more with --memory.",
    details: { resource: "memory", need, have: resources.memory },
  });
}

function doesNotFit(pool: PoolRequest, option: string, flag: string, needed: string, had: string, need: number, have: number): ShoalError {
  const none = option === "numGpus" && have === 0;
  return new ShoalError("resources-do-not-fit", `${pool.name} needs ${needed} for each actor (${option}: ${need}); this run has ${none ? "no GPU" : had}.`, {
    failure: "bug",
    hint: none
      ? `Leave out numGpus (with device: "auto" the run then uses the CPU), or run it where there is a GPU; a GPU that was not found is declared with ${flag} or resources.`
      : `Lower ${option}, run it on a larger machine, or declare what this one really has with ${flag} or resources.`,
    details: { resource: option, need, have },
  });
}

function noticeOf(pool: PoolRequest, fit: number, resources: Resources): string | undefined {
  if (fit >= pool.maxActors) return undefined;
  const reasons = [
    ...(pool.numCpus > 0 ? [plural(resources.cpus, "CPU")] : []),
    ...(pool.numGpus > 0 ? [plural(resources.gpus, "GPU")] : []),
    ...(pool.memory > 0 ? [`${formatBytes(resources.memory)} of memory`] : []),
  ];
  return `${pool.name}: ${fit} of ${pool.maxActors} actors fit: ${reasons.join(", ")}.`;
}
