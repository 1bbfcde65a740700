// What needs apache-arrow. Importing it also lets batches be Arrow tables, and Arrow vectors cross to actors.
import { blockFromTable, tableFromBlock } from "./arrow.ts";
import { registerArrow } from "./arrow-code.ts";
import { decodeBlock, encodeTable } from "./codec.ts";

export { blockFromTable, columnFromVector, columnName, tableFromBlock } from "./arrow.ts";
export { valuesOfVector } from "./arrow-values.ts";
export { decodeBlock, encodedTypes } from "./codec.ts";
export { encodeBlock } from "./encode-block.ts";

registerArrow({ tableFromBlock, blockFromTable, encodeTable, decodeBlock });
