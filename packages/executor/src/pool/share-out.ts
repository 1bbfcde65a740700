import { sliceBlock } from "@shoal/core";
import type { Offer } from "./retry.ts";

/** Smaller pieces would leave a predictor too little to make batches of. */
const fewestRows = 32;
/** The more pieces, the less an actor that was unlucky has still to do when the others are done. */
const piecesPerActor = 2;

/** Cuts the last blocks of a queue into so many pieces that every actor gets its share. Pieces stay as they are. */
export function shareOut(queue: readonly Offer[], actors: number): readonly Offer[] {
  const wanted = piecesPerActor * actors;
  if (queue.length === 0 || queue.length >= wanted) return queue;
  const parts = Math.ceil(wanted / queue.length);
  return queue.flatMap((offer) => (isWhole(offer) ? cut(offer, parts) : [offer]));
}

/** What has ended an actor is cut by what is known of that. */
function isWhole({ block, task, losses, alone }: Offer): boolean {
  return losses === 0 && !alone && block.rows === task.block.rows;
}

function cut(offer: Offer, parts: number): readonly Offer[] {
  const { rows } = offer.block;
  const size = Math.max(fewestRows, Math.ceil(rows / parts));
  if (size >= rows) return [offer];
  const pieces: Offer[] = [];
  for (let start = 0; start < rows; start += size) pieces.push({ ...offer, block: sliceBlock(offer.block, start, Math.min(rows, start + size)), first: offer.first + start });
  return pieces;
}
