import { sliceBlock } from "@shoal/core";
import type { Offer } from "./retry.ts";

/** Smaller pieces would leave a predictor too little to make batches of. */
const fewestRows = 32;
/** Of what is left, each piece is the part that an actor has of this many rounds: so they shrink, and all actors finish with the small ones. */
const rounds = 2;

/** Cuts the last blocks of a queue into pieces, each smaller than the one before, so that all actors finish together. Pieces stay as they are. */
export function shareOut(queue: readonly Offer[], actors: number): readonly Offer[] {
  if (queue.length === 0 || actors < 2) return queue;
  let left = queue.reduce((sum, { block }) => sum + block.rows, 0);
  const shared = queue.flatMap((offer) => {
    const pieces = isWhole(offer) ? cut(offer, left, actors) : [offer];
    left -= offer.block.rows;
    return pieces;
  });
  return shared.length === queue.length ? queue : shared;
}

/** What has ended an actor is cut by what is known of that. */
function isWhole({ block, task, losses, alone }: Offer): boolean {
  return losses === 0 && !alone && block.rows === task.block.rows;
}

/** @param left rows of this block and of all after it. */
function cut(offer: Offer, left: number, actors: number): readonly Offer[] {
  const { rows } = offer.block;
  const pieces: Offer[] = [];
  for (let start = 0; start < rows; ) {
    const share = Math.max(fewestRows, Math.ceil((left - start) / (rounds * actors)));
    const end = rows - start - share < fewestRows ? rows : start + share;
    pieces.push(start === 0 && end === rows ? offer : { ...offer, block: sliceBlock(offer.block, start, end), first: offer.first + start });
    start = end;
  }
  return pieces;
}
