import { commonType, formatType, type ColumnType } from "./column-type.ts";
import type { Column } from "./column.ts";

/** A column's name and type. */
export interface Field {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** The columns of a dataset, in order. */
export interface Schema {
  readonly fields: readonly Field[];
}

/** The schema of columns, in their order. */
export function schemaOf(columns: Readonly<Record<string, Column>>): Schema {
  return {
    fields: Object.entries(columns).map(([name, column]) => ({
      name,
      type: column.type,
      nullable: column.validity !== undefined || column.type.kind === "null" || (Array.isArray(column.values) && column.values.includes(null)),
    })),
  };
}

/** The schema that holds the rows of both; columns of one side only are nullable. */
export function commonSchema(a: Schema, b: Schema): Schema {
  const others = new Map(b.fields.map((field) => [field.name, field]));
  const fields = a.fields.map((field): Field => {
    const other = others.get(field.name);
    others.delete(field.name);
    if (other === undefined) return { ...field, nullable: true };
    return { name: field.name, type: commonType(field.type, other.type), nullable: field.nullable || other.nullable };
  });
  return { fields: [...fields, ...[...others.values()].map((field) => ({ ...field, nullable: true }))] };
}

/** `id: int64, text: utf8?` (a question mark: may be missing). */
export function formatSchema(schema: Schema): string {
  return schema.fields.map((field) => `${field.name}: ${formatType(field.type)}${field.nullable ? "?" : ""}`).join(", ");
}
