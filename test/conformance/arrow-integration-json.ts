/** Arrow's integration JSON: what a golden file holds, as plain values. */

interface JsonType {
  readonly name: string;
  readonly unit?: string;
  readonly listSize?: number;
  readonly scale?: number;
  readonly precision?: string | number;
  readonly bitWidth?: number;
}

interface JsonField {
  readonly name: string;
  readonly type: JsonType;
  readonly children?: readonly JsonField[];
  readonly dictionary?: { readonly id: number };
}

interface JsonColumn {
  readonly count: number;
  readonly VALIDITY?: readonly number[];
  readonly DATA?: readonly unknown[];
  readonly OFFSET?: readonly (number | string)[];
  readonly VIEWS?: readonly { readonly SIZE: number; readonly INLINED?: string; readonly BUFFER_INDEX?: number; readonly OFFSET?: number }[];
  readonly VARIADIC_DATA_BUFFERS?: readonly string[];
  readonly children?: readonly JsonColumn[];
}

interface JsonBatch {
  readonly count: number;
  readonly columns: readonly JsonColumn[];
}

export interface IntegrationJson {
  readonly schema: { readonly fields: readonly JsonField[] };
  readonly batches: readonly JsonBatch[];
  readonly dictionaries?: readonly { readonly id: number; readonly data: JsonBatch }[];
}

/** The values of one top-level column over all batches; undefined for a type whose column stays an Arrow vector. */
export function expectedColumn(file: IntegrationJson, at: number): unknown[] | undefined {
  const field = file.schema.fields[at] as JsonField;
  if (file.batches.length > 0 && !isPlain(field)) return undefined;
  return file.batches.flatMap((batch) => valuesOf(file, field, batch.columns[at] as JsonColumn));
}

const plainTypes = ["null", "bool", "int", "floatingpoint", "utf8", "largeutf8", "binary", "largebinary", "utf8view", "binaryview", "fixedsizebinary", "list", "fixedsizelist", "struct", "date", "timestamp", "decimal"];

function isPlain({ type, children = [] }: JsonField): boolean {
  return plainTypes.includes(type.name) && children.every(isPlain);
}

function valuesOf(file: IntegrationJson, field: JsonField, column: JsonColumn): unknown[] {
  const codes = field.dictionary === undefined ? undefined : column.DATA;
  if (codes === undefined) return Array.from({ length: column.count }, (_, row) => (column.VALIDITY?.[row] === 0 ? null : valueOf(file, field, column, row)));
  const dictionary = file.dictionaries?.find(({ id }) => id === field.dictionary?.id)?.data.columns[0] as JsonColumn;
  const entries = valuesOf(file, { name: field.name, type: field.type, ...(field.children === undefined ? {} : { children: field.children }) }, dictionary);
  return codes.map((code, row) => (column.VALIDITY?.[row] === 0 ? null : entries[Number(code)]));
}

function valueOf(file: IntegrationJson, field: JsonField, column: JsonColumn, row: number): unknown {
  const { type, children = [] } = field;
  const value = column.DATA?.[row];
  const child = (at: number): unknown[] => valuesOf(file, children[at] as JsonField, column.children?.[at] as JsonColumn);
  switch (type.name) {
    case "null": return null;
    case "bool": return Boolean(value);
    case "int": return Number(value);
    case "floatingpoint": return type.precision === "SINGLE" ? Math.fround(Number(value)) : Number(value);
    case "utf8": case "largeutf8": return value;
    case "binary": case "largebinary": case "fixedsizebinary": return bytesOf(String(value));
    case "utf8view": case "binaryview": {
      const view = viewOf(column, row);
      if (type.name === "utf8view") return "text" in view ? view.text : new TextDecoder().decode(new Uint8Array(view.bytes));
      return "text" in view ? bytesOf(view.text) : view.bytes;
    }
    case "date": return type.unit === "DAY" ? Number(value) * 86_400_000 : Number(value);
    case "timestamp": return type.unit === "SECOND" ? Number(value) * 1000 : Number(BigInt(value as string) / ({ MICROSECOND: 1000n, NANOSECOND: 1_000_000n }[type.unit ?? ""] ?? 1n));
    case "decimal": return Number(value) / 10 ** (type.scale ?? 0);
    case "list": return child(0).slice(Number(column.OFFSET?.[row]), Number(column.OFFSET?.[row + 1]));
    case "fixedsizelist": return child(0).slice(row * (type.listSize ?? 0), (row + 1) * (type.listSize ?? 0));
    case "struct": return Object.fromEntries(children.map(({ name }, at) => [name, child(at)[row]]));
    default: throw new Error(`no plain value for ${type.name}`);
  }
}

function viewOf(column: JsonColumn, row: number): { text: string } | { bytes: number[] } {
  const view = column.VIEWS?.[row];
  if (view?.INLINED !== undefined) return { text: view.INLINED };
  const { BUFFER_INDEX: buffer = 0, OFFSET: start = 0, SIZE: size } = view ?? { SIZE: 0 };
  return { bytes: bytesOf(column.VARIADIC_DATA_BUFFERS?.[buffer] ?? "").slice(start, start + size) };
}

function bytesOf(hex: string): number[] {
  return Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
