// What needs apache-arrow. Importing it also lets batches be Arrow tables, and Arrow vectors cross to actors.
import { blockFromTable, tableFromBlock } from "./arrow.ts";
import { registerArrow } from "./arrow-code.ts";
import { decodeBlock, encodeBlock } from "./codec.ts";

export { blockFromTable, columnFromVector, columnName, tableFromBlock } from "./arrow.ts";
export { valuesOfVector } from "./arrow-values.ts";
export { decodeBlock, encodeBlock, encodedTypes } from "./codec.ts";

registerArrow({ tableFromBlock, blockFromTable, encodeBlock, decodeBlock });
