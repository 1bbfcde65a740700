import { blockBytes, concatBlocks, sliceBlock, type Block } from "@shoal/core";
import type { Recut } from "@shoal/planner";
import type { StageState, StageTracking } from "../resume/run-tracking.ts";
import { inputOf, type BlockStream, type Operator } from "./operator.ts";

/** A block this large is handed on before it has all its rows: images make few rows many bytes. */
const largeBytes = 32 * 2 ** 20;

/** Cuts blocks anew: small ones first, so that the first row comes early, then growing up to the sorting window. */
export function recut(step: Recut): Operator {
  return ([input], { tracking }) => (step.blocks === undefined ? growing(inputOf(input), step, tracking) : evenly(inputOf(input), step.blocks, step.multipleOf));
}

async function* growing(input: BlockStream, { multipleOf, firstRows, maxRows }: Recut, tracking: StageTracking | undefined): BlockStream {
  const most = Math.max(multipleOf, roundDown(maxRows, multipleOf));
  let target = tracking?.start?.next ?? Math.min(most, Math.max(multipleOf, roundUp(firstRows, multipleOf)));
  let { lead, rests } = restsOf(tracking?.start, multipleOf);
  const cut = (rows: number): Block => {
    const block = buffer.take(rows);
    tracking?.passed(block, { next: target, first: rests[0] ?? 0, lead });
    lead = 0;
    return block;
  };
  const buffer = new BlockBuffer();
  let empty: Block | undefined;
  let any = false;
  for await (const block of input) {
    if (block.rows === 0) empty ??= block;
    else buffer.add(block);
    for (let rest = rests[0]; rest !== undefined && buffer.rows >= rest; rest = rests[0]) {
      rests = rests.slice(1);
      any = true;
      yield cut(rest);
    }
    while (rests.length === 0 && (buffer.rows >= target || (buffer.bytes > largeBytes && buffer.rows >= multipleOf))) {
      any = true;
      const rows = Math.min(target, roundDown(buffer.rows, multipleOf));
      target = Math.min(most, roundUp(2 * target, multipleOf));
      yield cut(rows);
    }
  }
  // Fewer than a target are left, but perhaps more than a multiple: only the very last batch may be short.
  if (buffer.rows > 0) yield cut(buffer.rows);
  else if (!any && empty !== undefined) yield empty;
}

/** The sizes of the first blocks of a run that goes on within a block, where there are two: batches begin where they would have begun. */
function restsOf({ first = 0, into = 0 }: Partial<StageState> = {}, multipleOf: number): { readonly lead: number; readonly rests: readonly number[] } {
  const lead = first === 0 ? 0 : (multipleOf - (((into % multipleOf) + multipleOf) % multipleOf)) % multipleOf;
  return { lead, rests: [Math.min(first, lead), first - lead].filter((rest) => rest > 0) };
}

/** Needs the count, so it holds every row. */
async function* evenly(input: BlockStream, blocks: number, multipleOf: number): BlockStream {
  const buffer = new BlockBuffer();
  for await (const block of input) buffer.add(block);
  const total = buffer.rows;
  let taken = 0;
  for (let at = 1; at <= blocks && taken < total; at++) {
    const end = at === blocks ? total : Math.min(total, roundUp(Math.round((total * at) / blocks), multipleOf));
    if (end > taken) yield buffer.take(end - taken);
    taken = end;
  }
}

function roundUp(rows: number, multipleOf: number): number {
  return Math.ceil(rows / multipleOf) * multipleOf;
}

function roundDown(rows: number, multipleOf: number): number {
  return Math.floor(rows / multipleOf) * multipleOf;
}

/** Rows that wait to be cut. */
class BlockBuffer {
  #blocks: { readonly block: Block; readonly from: number }[] = [];
  rows = 0;
  bytes = 0;

  add(block: Block): void {
    this.#blocks.push({ block, from: 0 });
    this.rows += block.rows;
    this.bytes += blockBytes(block);
  }

  take(rows: number): Block {
    const parts: Block[] = [];
    let missing = rows;
    let used = 0;
    while (missing > 0) {
      const { block, from } = this.#blocks[used] as { block: Block; from: number };
      const to = Math.min(block.rows, from + missing);
      parts.push(sliceBlock(block, from, to));
      missing -= to - from;
      if (to === block.rows) used++;
      else this.#blocks[used] = { block, from: to };
    }
    this.#blocks.splice(0, used);
    this.bytes *= 1 - rows / this.rows;
    this.rows -= rows;
    return concatBlocks(parts);
  }
}
