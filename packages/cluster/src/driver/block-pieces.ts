import { blockBytes, ShoalError, sliceBlock, type Block } from "@shoal/core";
import { formatBytes, plural } from "@shoal/executor";
import { mostBlockBytes } from "../connection/limits.ts";
import { payloadOf } from "../connection/own-blocks.ts";

/**
 * Of one block that can be cut. Workers of unlike speeds finish together where blocks are many and small: with those of 1,024 rows, the
 * sorting window of one machine, one of two workers was seen to wait for the other's last one a quarter of the time.
 */
const mostBlockRows = 256;

/** A block, or some of its rows, as it travels. */
export interface Piece {
  readonly block: Block;
  /** Its first row within the block that was submitted. */
  readonly first: number;
  readonly payload: Uint8Array;
}

/** A row that is too large all by itself. */
export interface LargeRow {
  readonly row: number;
  readonly error: ShoalError;
}

/** What a worker gets: the columns alone. Where rows come from (names of files) is nobody else's business. */
export function inputPayload(block: Block): Uint8Array<ArrayBuffer> {
  return payloadOf({ ...block, lineage: [] });
}

/**
 * A block as it is, or where it is large in parts, cut the same way each time.
 * @throws `block-too-large` where its rows can't be predicted apart from each other.
 */
export function cutToTravel(name: string, block: Block, divisible: boolean, most = mostBlockBytes, mostRows = mostBlockRows): { readonly pieces: readonly Piece[]; readonly large: readonly LargeRow[] } {
  const pieces: Piece[] = [];
  const large: LargeRow[] = [];
  const cut = (part: Block, first: number): void => {
    // Clearly too much is not worth encoding.
    const payload = divisible && part.rows > 1 && blockBytes(part) > 2 * most ? undefined : inputPayload(part);
    if (payload !== undefined && payload.byteLength <= most) return void pieces.push({ block: part, first, payload });
    if (!divisible) throw blockTooLarge(name, part.rows, payload?.byteLength ?? 0, most);
    if (part.rows === 1) return void large.push({ row: first, error: rowTooLarge(name, payload?.byteLength ?? 0, most) });
    const half = part.rows >> 1;
    cut(sliceBlock(part, 0, half), first);
    cut(sliceBlock(part, half), first + half);
  };
  const parts = divisible ? Math.max(1, Math.ceil(block.rows / mostRows)) : 1;
  for (let at = 0; at < parts; at++) {
    const first = Math.round((at * block.rows) / parts);
    cut(sliceBlock(block, first, Math.round(((at + 1) * block.rows) / parts)), first);
  }
  return { pieces, large };
}

function blockTooLarge(name: string, rows: number, bytes: number, most: number): ShoalError {
  return new ShoalError("block-too-large", `A block for ${name} has ${plural(rows, "row")} in ${formatBytes(bytes)}; blocks of at most ${formatBytes(most)} go to other machines.`, {
    hint: 'Make blocks smaller with repartition({ rowsPerBlock }) before it, or give a smaller batchSize; with batchSize "auto" blocks are cut as needed.', failure: "bug", details: { rows, bytes, mostBytes: most },
  });
}

function rowTooLarge(name: string, bytes: number, most: number): ShoalError {
  return new ShoalError("block-too-large", `A row for ${name} has ${formatBytes(bytes)}; at most ${formatBytes(most)} go to another machine.`, {
    hint: "Shrink such rows in a step before it (a smaller picture, a shorter text), or run this on one machine.", failure: "row", details: { rows: 1, bytes, mostBytes: most },
  });
}
