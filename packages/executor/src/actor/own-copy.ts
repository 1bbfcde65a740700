import type { Block, PredictorSpec } from "@shoal/core";
import { copyBlock } from "../streams/copy-block.ts";

/**
 * The rows of a block for a predictor's hands. People change batches in place, as when they normalise pixels; what then fails is predicted again in
 * parts, and those are cut from rows that nobody has changed. Backends don't write into what they are given, and get it as it is.
 */
export function ownCopy(block: Block, spec: PredictorSpec): Block {
  return spec.kind === "declarative" ? block : copyBlock(block);
}
