import { ShoalError, sliceBlock, type Block, type Column } from "@shoal/core";
import type { BlockStream, Operator } from "./operator.ts";

/** Rows of two inputs beside each other. @throws `unequal-rows` when one ends before the other. */
export const zip: Operator = async function* (inputs, { stopInputs }) {
  const [leftInput, rightInput] = inputs as [BlockStream, BlockStream];
  const left = new RowReader(leftInput);
  const right = new RowReader(rightInput);
  let rows = 0;
  try {
    for (;;) {
      const [a, b] = await Promise.all([left.peek(), right.peek()]);
      if (a === undefined && b === undefined) return;
      if (a === undefined || b === undefined) throw unequal(rows, a === undefined ? "first" : "second");
      const count = Math.min(a.rows, b.rows);
      rows += count;
      yield beside(left.take(count), right.take(count));
    }
  } finally {
    stopInputs();
    await Promise.all([left.close(), right.close()]);
  }
};

/** Cuts a stream of blocks anywhere. */
class RowReader {
  readonly #blocks: AsyncIterator<Block>;
  #rest: Block | undefined;

  constructor(input: AsyncIterable<Block>) {
    this.#blocks = input[Symbol.asyncIterator]();
  }

  /** The block that comes next; undefined at the end. */
  async peek(): Promise<Block | undefined> {
    while (this.#rest === undefined || this.#rest.rows === 0) {
      const next = await this.#blocks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    return this.#rest;
  }

  take(rows: number): Block {
    const block = this.#rest as Block;
    this.#rest = rows < block.rows ? sliceBlock(block, rows) : undefined;
    return sliceBlock(block, 0, rows);
  }

  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
}

function beside(left: Block, right: Block): Block {
  const columns: Record<string, Column> = { ...left.columns };
  for (const name of Object.keys(right.columns)) {
    let free = name;
    for (let suffix = 1; Object.hasOwn(columns, free); suffix++) free = `${name}_${suffix}`;
    columns[free] = right.columns[name] as Column;
  }
  return { rows: left.rows, columns, lineage: left.lineage };
}

function unequal(rows: number, shorter: string): ShoalError {
  return new ShoalError("unequal-rows", `zip: the ${shorter} dataset ended after ${rows} rows, the other has more.`, {
    failure: "bug",
    hint: "Zip datasets of equal length; a limit cuts the longer one.",
    details: { rows },
  });
}
