import { encodeColumns, type Schema } from "@shoal/core";
import { emptyBlock } from "./empty-block.ts";
import { base64 } from "./jsonl.ts";

/** Where Arrow writers keep what Parquet has no words for, fixed list sizes above all; pyarrow and we read it back. */
export const arrowSchemaKey = "ARROW:schema";

/** The note for a file of this schema, as `ARROW:schema` in its key-value metadata. */
export function arrowSchemaNote(schema: Schema): { key: string; value: string } {
  return { key: arrowSchemaKey, value: base64(encodeColumns(emptyBlock(schema).columns)) };
}
