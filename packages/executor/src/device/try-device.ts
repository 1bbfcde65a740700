import { concatBlocks, ShoalError, type Actor, type ActorHost, type ActorRequest, type Block, type BlockResult, type Clock } from "@shoal/core";
import { tooSlow } from "../pool/pool-errors.ts";
import { look, lookAtLoading, SleepWatch, type Sight } from "../pool/watchdog.ts";
import { childController } from "../streams/abort.ts";

/** An actor that was tried, and how fast it is. */
export interface TriedActor {
  readonly actor: Actor;
  /** What it made of the block it was tried on. */
  readonly result: BlockResult;
  /** Warm, of this one actor. */
  readonly rowsPerSecond: number;
  /** How long its first run took, compiling included, and a warm one after it; not how long it loaded. */
  readonly ms: number;
}

export interface Trial {
  readonly host: ActorHost;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the user gives one `predict`. */
  readonly timeoutMs?: number | undefined;
  /** Told about an actor that loads for long, or stands still. */
  readonly onNotice: (message: string) => void;
}

/** After how long a candidate is given up, before it is loaded and after. */
export interface TrialLimits {
  readonly loadMs: number;
  readonly runMs: number;
}

/** A shorter run says little: clocks are coarse, and an actor's batches are still growing. */
const tellingMs = 100;
const mostRows = 1024;
/** Samples are compared until so many in turn are no faster, and for no longer than this. */
const mostStale = 2;
const risesBy = 1.1;
const mostWarmingMs = 5000;
const lookEveryMs = 1000;

/**
 * Starts an actor and lets it predict a block: once for the results and for whatever is made at a first run (shaders, buffers), then
 * against the clock until it gets no faster, over the same rows several times where they are done too soon to tell.
 * @throws what the actor's start or its rows failed with; `timeout`
 */
export async function tryDevice(request: ActorRequest, block: Block, limits: TrialLimits, trial: Trial): Promise<TriedActor> {
  const actor = await loadWatched(request, limits.loadMs, trial);
  const { clock } = trial;
  const began = clock.now();
  let sight: Sight = { ticks: -1, since: began, noticed: false };
  const lookAtRun = (now: number): ShoalError | undefined => {
    const seen = look(sight, actor, now, trial.timeoutMs);
    sight = seen.sight;
    if (seen.notice !== undefined) trial.onNotice(`${request.spec.name}: ${seen.notice}`);
    if (seen.timedOut) return tooSlow({ spec: request.spec, ...(trial.timeoutMs === undefined ? {} : { timeoutMs: trial.timeoutMs }) }, actor);
    return now - began >= limits.runMs ? tookTooLong("ran", limits.runMs) : undefined;
  };
  try {
    return await watched(trial, lookAtRun, async (signal) => {
      const result = await actor.process(block, signal);
      const [failure] = result.failures;
      if (result.block.rows === 0 && failure !== undefined && failure.error.failure !== "row") throw ShoalError.fromData(failure.error);
      const firstMs = clock.now() - began;
      const warm = await speed(actor, block, clock, signal);
      return { actor, result, rowsPerSecond: warm.rowsPerSecond, ms: firstMs + warm.lastMs };
    });
  } catch (error) {
    // One that was given up may be in the middle of anything.
    await actor.kill("it was given up as a candidate").catch(() => {});
    throw error;
  }
}

/** Starts an actor, as long as that may take; says so where it takes long. @throws what its start failed with; `timeout` */
export function loadWatched(request: ActorRequest, limitMs: number, trial: Trial): Promise<Actor> {
  const since = trial.clock.now();
  let told = 0;
  const lookAtLoad = (now: number): ShoalError | undefined => {
    const loading = lookAtLoading({ actors: 1, since }, now, told);
    told = loading.told;
    if (loading.notice !== undefined) trial.onNotice(`${request.spec.name} on ${request.device}: ${loading.notice}`);
    return now - since >= limitMs ? tookTooLong("was loading", limitMs) : undefined;
  };
  return watched(trial, lookAtLoad, (signal) => trial.host.spawn(request, signal));
}

function tookTooLong(what: string, limitMs: number): ShoalError {
  return new ShoalError("timeout", `It ${what} for longer than ${Math.round(limitMs / 1000)} s.`, { failure: "timeout" });
}

/**
 * Does some work and looks at it now and then, as a pool looks at its actors; what `look` gives ends it. The time that `look` is
 * told leaves out what this process slept through.
 */
async function watched<T>({ clock, signal, timeoutMs }: Trial, look: (now: number) => ShoalError | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { controller, release } = childController(signal);
  const over = new AbortController();
  const everyMs = Math.min(lookEveryMs, timeoutMs === undefined ? lookEveryMs : Math.max(10, timeoutMs / 5));
  void (async () => {
    const sleep = new SleepWatch(everyMs, clock.now());
    let sleptMs = 0;
    while (!over.signal.aborted) {
      await clock.sleep(everyMs, over.signal);
      const slept = sleep.sleptMs(clock.now());
      sleptMs += slept;
      if (slept > 0) continue;
      const problem = look(clock.now() - sleptMs);
      if (problem !== undefined) return controller.abort(problem);
    }
  })().catch(() => {});
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    over.abort();
    release();
  }
}

/**
 * The best of several samples, for as long as they get faster: shaders are made anew for new sizes of batches, which grow meanwhile. A GPU that
 * was judged by its first sample lost to a CPU that it beats three times over.
 */
async function speed(actor: Actor, block: Block, clock: Clock, signal: AbortSignal): Promise<{ readonly rowsPerSecond: number; readonly lastMs: number }> {
  const until = clock.now() + mostWarmingMs;
  let best = 0;
  let stale = 0;
  for (let sample = block; ; ) {
    const began = clock.now();
    await actor.process(sample, signal);
    const ms = clock.now() - began;
    const rate = (1000 * sample.rows) / Math.max(ms, 0.001);
    stale = rate < risesBy * best ? stale + 1 : 0;
    best = Math.max(best, rate);
    const telling = ms >= tellingMs || sample.rows >= mostRows;
    if (telling && (stale >= mostStale || clock.now() + ms > until)) return { rowsPerSecond: best, lastMs: ms };
    if (!telling) sample = repeated(block, Math.min(mostRows, Math.ceil((2 * tellingMs * sample.rows) / Math.max(ms, 0.1))));
  }
}

function repeated(block: Block, rows: number): Block {
  return concatBlocks(Array.from({ length: Math.max(1, Math.ceil(rows / block.rows)) }, () => block));
}
