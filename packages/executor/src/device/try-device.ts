import { concatBlocks, ShoalError, type Actor, type ActorHost, type ActorRequest, type Block, type BlockResult, type Clock } from "@shoal/core";
import { childController } from "../streams/abort.ts";

/** An actor that was tried, and how fast it is. */
export interface TriedActor {
  readonly actor: Actor;
  /** What it made of the block it was tried on. */
  readonly result: BlockResult;
  /** Warm, of this one actor. */
  readonly rowsPerSecond: number;
  /** How long all of it took: loading, compiling, running. */
  readonly ms: number;
}

export interface Trial {
  readonly host: ActorHost;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Given up after so long. */
  readonly limitMs: number;
}

/** A shorter run says little: clocks are coarse, and an actor's batches are still growing. */
const tellingMs = 100;
const mostRows = 1024;

/**
 * Starts an actor and lets it predict a block: once for the results and for whatever is made at a first run (shaders, buffers), then
 * against the clock, over the same rows several times where they are done too soon to tell.
 * @throws what the actor's start or its rows failed with; `timeout`
 */
export async function tryDevice(request: ActorRequest, block: Block, { host, clock, signal, limitMs }: Trial): Promise<TriedActor> {
  const { controller, release } = childController(signal);
  const limit = new AbortController();
  const began = clock.now();
  if (limitMs < Infinity) void clock.sleep(limitMs, limit.signal).then(() => controller.abort(new ShoalError("timeout", `It took longer than ${Math.round(limitMs / 1000)} s.`, { failure: "timeout" })), () => {});
  let actor: Actor | undefined;
  try {
    actor = await host.spawn(request, controller.signal);
    const result = await actor.process(block, controller.signal);
    const [failure] = result.failures;
    if (result.block.rows === 0 && failure !== undefined && failure.error.failure !== "row") throw ShoalError.fromData(failure.error);
    const rowsPerSecond = await speed(actor, block, clock, controller.signal);
    return { actor, result, rowsPerSecond, ms: clock.now() - began };
  } catch (error) {
    // One that was given up may be in the middle of anything.
    await actor?.kill("it was given up as a candidate").catch(() => {});
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    limit.abort();
    release();
  }
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
