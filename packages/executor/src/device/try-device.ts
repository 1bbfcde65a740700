import { concatBlocks, ShoalError, type Actor, type ActorHost, type ActorRequest, type Block, type BlockResult, type Clock } from "@shoal/core";
import { tooSlow } from "../pool/pool-errors.ts";
import { look, lookAtLoading, type Sight } from "../pool/watchdog.ts";
import { childController } from "../streams/abort.ts";

/** An actor that was tried, and how fast it is. */
export interface TriedActor {
  readonly actor: Actor;
  /** What it made of the block it was tried on. */
  readonly result: BlockResult;
  /** Warm, of this one actor. */
  readonly rowsPerSecond: number;
  /** How long it ran, compiling included; not how long it loaded. */
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
const lookEveryMs = 1000;

/**
 * Starts an actor and lets it predict a block: once for the results and for whatever is made at a first run (shaders, buffers), then
 * against the clock, over the same rows several times where they are done too soon to tell.
 * @throws what the actor's start or its rows failed with; `timeout`
 */
export async function tryDevice(request: ActorRequest, block: Block, limits: TrialLimits, trial: Trial): Promise<TriedActor> {
  const { host, clock } = trial;
  const { controller, release } = childController(trial.signal);
  const { signal } = controller;
  let actor: Actor | undefined;
  const watching = watch(request, limits, trial, controller, () => actor);
  try {
    actor = await host.spawn(request, signal);
    const began = clock.now();
    const result = await actor.process(block, signal);
    const [failure] = result.failures;
    if (result.block.rows === 0 && failure !== undefined && failure.error.failure !== "row") throw ShoalError.fromData(failure.error);
    const rowsPerSecond = await speed(actor, block, clock, signal);
    return { actor, result, rowsPerSecond, ms: clock.now() - began };
  } catch (error) {
    // One that was given up may be in the middle of anything.
    await actor?.kill("it was given up as a candidate").catch(() => {});
    throw signal.aborted ? signal.reason : error;
  } finally {
    watching.abort();
    release();
  }
}

/** Looks at an actor that is being tried as a pool looks at its own. */
function watch(request: ActorRequest, limits: TrialLimits, { clock, timeoutMs, onNotice }: Trial, trial: AbortController, actor: () => Actor | undefined): AbortController {
  const over = new AbortController();
  const everyMs = Math.min(lookEveryMs, timeoutMs === undefined ? lookEveryMs : Math.max(10, timeoutMs / 5));
  const since = clock.now();
  let told = 0;
  let loadedAt: number | undefined;
  let sight: Sight = { ticks: -1, since, noticed: false };
  const giveUp = (limitMs: number, what: string): void => trial.abort(new ShoalError("timeout", `It ${what} for longer than ${Math.round(limitMs / 1000)} s.`, { failure: "timeout" }));
  const lookOnce = (now: number): void => {
    const own = actor();
    if (own === undefined) {
      const loading = lookAtLoading({ actors: 1, since }, now, told);
      told = loading.told;
      if (loading.notice !== undefined) onNotice(`${request.spec.name} on ${request.device}: ${loading.notice}`);
      if (now - since >= limits.loadMs) giveUp(limits.loadMs, "was loading");
      return;
    }
    loadedAt ??= now;
    const seen = look(sight, own, now, timeoutMs);
    sight = seen.sight;
    if (seen.notice !== undefined) onNotice(`${request.spec.name}: ${seen.notice}`);
    if (seen.timedOut) trial.abort(tooSlow({ spec: request.spec, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, own));
    else if (now - loadedAt >= limits.runMs) giveUp(limits.runMs, "ran");
  };
  void (async () => {
    while (!over.signal.aborted && !trial.signal.aborted) {
      await clock.sleep(everyMs, over.signal);
      lookOnce(clock.now());
    }
  })().catch(() => {});
  return over;
}

async function speed(actor: Actor, block: Block, clock: Clock, signal: AbortSignal): Promise<number> {
  for (let sample = block; ; ) {
    const began = clock.now();
    await actor.process(sample, signal);
    const ms = clock.now() - began;
    if (ms >= tellingMs || sample.rows >= mostRows) return (1000 * sample.rows) / Math.max(ms, 0.001);
    sample = repeated(block, Math.min(mostRows, Math.ceil((2 * tellingMs * sample.rows) / Math.max(ms, 0.1))));
  }
}

function repeated(block: Block, rows: number): Block {
  return concatBlocks(Array.from({ length: Math.max(1, Math.ceil(rows / block.rows)) }, () => block));
}
