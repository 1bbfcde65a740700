import type { ColumnType } from "@shoal/core";
import { columnFromVector } from "@shoal/core/arrow";
import { makeVector, RecordBatchReader, type Field as ArrowField } from "apache-arrow";
import type { FileMetaData } from "hyparquet";
import { countColumns, schemaOfMessage } from "./arrow-flatbuffer.ts";
import { arrowSchemaKey } from "./parquet-schema-note.ts";

/** The shapes of the fixed-size list columns, by column name. A note that can't be read, or is about other columns, is as good as none. */
export function tensorShapes(metadata: FileMetaData): Map<string, ColumnType & { kind: "tensor" }> {
  const shapes = new Map<string, ColumnType & { kind: "tensor" }>();
  const note = metadata.key_value_metadata?.find((entry) => entry.key === arrowSchemaKey)?.value;
  if (note === undefined) return shapes;
  try {
    const bytes = Uint8Array.from(atob(note), (unit) => unit.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const schema = schemaOfMessage(view);
    if (schema === undefined || countColumns(view, schema) !== metadata.schema[0]?.num_children) return shapes;
    const reader = RecordBatchReader.from(bytes).open();
    for (const field of reader.schema.fields) {
      const type = typeOfField(field);
      if (type?.kind === "tensor") shapes.set(field.name, type);
    }
  } catch {
    return new Map();
  }
  return shapes;
}

function typeOfField(field: ArrowField): ColumnType | undefined {
  if (!String(field.type).startsWith("FixedSizeList")) return undefined;
  return columnFromVector(field, makeVector({ type: field.type, length: 0 } as never) as never).type;
}
