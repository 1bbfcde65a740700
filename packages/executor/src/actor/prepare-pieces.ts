import { letOthersRun, sliceBlock, type Block, type Clock } from "@shoal/core";
import { afterBatch, climbingBatchSize, type BatchSize } from "./batch-size.ts";
import { runPhase, type Phase, type TracedBlock } from "./run-phase.ts";

/** Some rows of a block, ready for `predict`. */
export interface PreparedPiece extends TracedBlock {
  /** No other of its block follows. */
  readonly last: boolean;
}

/** What preparing a block takes. */
export interface Preparation {
  readonly phase: Omit<Phase, "name" | "run">;
  readonly block: Block;
  /** Rows of a batch, as far as is known by now: a piece holds whole batches. */
  readonly batchRows: () => number;
  /** Told when it begins, and when it ends, with the time that `preprocess` took. */
  readonly onBegin: () => void;
  readonly onEnd: (ms: number) => void;
}

const leastRows = 8;

/**
 * Runs `preprocess` over the blocks of an actor. A block need not be ready as a whole before its first batch goes to the device, unless its
 * rows are sorted or counted together: it is prepared in pieces of a few batches, so that the device waits for one piece at the start, not for a
 * block, and is done one piece after the last. Pieces grow as long as more rows at once are faster each, as where `preprocess` fetches them all.
 */
export class PiecePreparer {
  readonly #clock: Pick<Clock, "now">;
  readonly #maxRows: number;
  #size: BatchSize | undefined;
  /** Settles when the blocks before are ready: what is needed first is made first. */
  #turn: Promise<void> = Promise.resolve();

  /** @param maxRows a piece has no more, where a batch has not either */
  constructor(clock: Pick<Clock, "now">, maxRows: number) {
    this.#clock = clock;
    this.#maxRows = maxRows;
  }

  /** The block's pieces in order. Where `preprocess` must see all rows of it at once, that is one. */
  async *pieces(preparation: Preparation): AsyncGenerator<PreparedPiece, void, undefined> {
    const { phase: { predictor }, block } = preparation;
    const divisible = predictor.rows === "same" && !predictor.stateful && predictor.cost === undefined;
    if (!divisible) return yield* this.#inPieces(preparation, () => block.rows);
    const turn = this.#turn;
    let release = (): void => {};
    this.#turn = new Promise((resolve) => (release = resolve));
    try {
      await turn;
      yield* this.#inPieces(preparation, () => this.#pieceRows(preparation.batchRows()));
    } finally {
      void turn.then(release);
    }
  }

  async *#inPieces({ phase, block, onBegin, onEnd }: Preparation, rowsOf: () => number): AsyncGenerator<PreparedPiece, void, undefined> {
    const { predictor, signal } = phase;
    const rows = Int32Array.from({ length: block.rows }, (_, row) => row);
    const pause = letOthersRun();
    let ms = 0;
    let ended = false;
    const end = (): void => {
      if (!ended) onEnd(ms);
      ended = true;
    };
    onBegin();
    try {
      for (let from = 0, last = false; !last; ) {
        const to = Math.min(block.rows, from + rowsOf());
        last = to === block.rows;
        const piece = { block: from === 0 && last ? block : sliceBlock(block, from, to), rows: rows.subarray(from, to) };
        const began = this.#clock.now();
        const ready = await runPhase({ ...phase, name: "preprocess", run: (given) => predictor.preprocess?.(given, signal) as Promise<Block> }, piece);
        const took = this.#clock.now() - began;
        ms += took;
        if (this.#size !== undefined) this.#size = afterBatch(this.#size, { filled: to - from, work: to - from, ms: took });
        if (last) end();
        yield { ...ready, last };
        from = to;
        // A preprocess that never waits would keep the device from its next batch.
        if (!last) await pause();
      }
    } finally {
      end();
    }
  }

  #pieceRows(batchRows: number): number {
    this.#size ??= climbingBatchSize(Math.max(leastRows, batchRows), Math.max(this.#maxRows, batchRows));
    return Math.ceil(this.#size.size / batchRows) * batchRows;
  }
}
