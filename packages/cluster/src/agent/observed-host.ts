import type { Actor, ActorHost, ActorRequest, Block, BlockResult } from "@shoal/core";

/** A block in an actor. */
interface Open {
  readonly block: Block;
  /** What the actor's counter of progress said before it came to this block; what it says of rows until then is of another. */
  ticks: number | undefined;
  done: number;
}

/** A host whose actors are watched: a pool says which blocks are done, and nothing of the rows within one. */
export class ObservedHost implements ActorHost {
  readonly #host: ActorHost;
  readonly #actors = new Map<Actor, Open[]>();
  /** Blocks that were submitted; what else comes to an actor is a part of one. */
  readonly #whole = new WeakSet<Block>();
  /** Rows of done parts of blocks: after the loss of an actor, a block is tried in parts. */
  #partsDone = 0;
  /** The block that was asked of last, what was seen of it, and what parts were done before. */
  #asked: Block | undefined;
  #askedDone = 0;
  #partsBefore = 0;

  constructor(host: ActorHost) {
    this.#host = host;
  }

  get name(): string {
    return this.#host.name;
  }

  async spawn(request: ActorRequest, signal: AbortSignal): Promise<Actor> {
    const actor = await this.#host.spawn(request, signal);
    const open: Open[] = [];
    this.#actors.set(actor, open);
    void actor.closed.then(() => this.#actors.delete(actor));
    return {
      id: actor.id, closed: actor.closed, loadMs: actor.loadMs, device: actor.device,
      get progress() {
        return actor.progress;
      },
      process: (block, abort) => this.#process(actor, open, block, abort),
      kill: (reason) => actor.kill(reason),
      [Symbol.asyncDispose]: () => actor[Symbol.asyncDispose](),
    };
  }

  submitted(block: Block): void {
    this.#whole.add(block);
  }

  /** Rows of a block that are done, as far as can be seen. To be asked of the block that is earliest in its order. */
  rowsDone(block: Block): number {
    this.look();
    if (this.#asked !== block) {
      this.#asked = block;
      this.#askedDone = 0;
      this.#partsBefore = this.#partsDone;
    }
    let done = Math.max(this.#askedDone, this.#partsDone - this.#partsBefore);
    for (const open of this.#actors.values()) for (const each of open) if (each.block === block) done = Math.max(done, each.done);
    this.#askedDone = Math.min(done, block.rows);
    return this.#askedDone;
  }

  /** Notes how far each actor is. */
  look(): void {
    for (const [{ progress }, [first]] of this.#actors) {
      if (first === undefined) continue;
      first.ticks ??= progress.ticks;
      if (progress.ticks !== first.ticks) first.done = Math.max(first.done, Math.min(progress.done ?? 0, first.block.rows));
    }
  }

  async #process(actor: Actor, open: Open[], block: Block, signal: AbortSignal): Promise<BlockResult> {
    const mine: Open = { block, ticks: open.length === 0 ? actor.progress.ticks : undefined, done: 0 };
    open.push(mine);
    try {
      const result = await actor.process(block, signal);
      if (block === this.#asked) this.#askedDone = block.rows;
      if (!this.#whole.has(block)) this.#partsDone += block.rows;
      return result;
    } finally {
      open.splice(open.indexOf(mine), 1);
      const [next] = open;
      if (next !== undefined) next.ticks ??= actor.progress.ticks;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#host[Symbol.asyncDispose]());
  }
}
