import { columnFromValues, preview, ShoalError, type Column, type ColumnType } from "@shoal/core";
import { buildColumn, isMisfit, wordFor } from "./column-types.ts";

// No plus sign and no leading zeros: those are codes and telephone numbers.
const numberPattern = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^-?Infinity$|^NaN$/;
const booleanPattern = /^(?:true|false)$/i;

/** `bool` or `float64` where every cell says so, otherwise `utf8`. Empty cells are missing and say nothing. */
export function cellType(cells: readonly string[]): ColumnType {
  const filled = cells.filter((cell) => cell !== "");
  if (filled.length === 0) return { kind: "utf8" };
  if (filled.every((cell) => booleanPattern.test(cell))) return { kind: "bool" };
  return { kind: filled.every(isNumber) ? "float64" : "utf8" };
}

function isNumber(cell: string): boolean {
  return numberPattern.test(cell) && !losesDigits(cell);
}

function losesDigits(cell: string): boolean {
  return cell.length >= 16 && /^-?\d+$/.test(cell) && BigInt(cell) !== BigInt(Number(cell));
}

/** One column of cells. @throws `schema-conflict` naming file, line and column */
export function columnOfCells(cells: readonly string[], name: string, type: ColumnType, where: (row: number) => string): Column {
  if (type.kind === "utf8") return { type, length: cells.length, values: cells.map((cell) => (cell === "" ? null : cell)) };
  const parse = parserOf(type);
  const values = new Array<unknown>(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row] as string;
    if (cell === "") continue;
    const value = parse(cell);
    if (value === undefined) throw misfit(cell, name, type, where(row));
    values[row] = value;
  }
  if (type.kind === "json") return columnFromValues(values, type);
  const column = buildColumn(values, type, name);
  if (isMisfit(column)) throw misfit(cells[column.row] as string, name, type, where(column.row));
  return column;
}

/** What a cell of this type holds; undefined where it doesn't fit. */
function parserOf(type: ColumnType): (cell: string) => unknown {
  switch (type.kind) {
    case "bool": return (cell) => (booleanPattern.test(cell) ? cell.length === 4 : undefined);
    case "timestamp": case "binary": return (cell) => cell;
    case "int64": case "uint64": return (cell) => (/^-?\d+$/.test(cell) ? BigInt(cell) : undefined);
    case "json": case "list": case "tensor": return (cell) => parsedJson(cell);
    default: return (cell) => (isNumber(cell) ? Number(cell) : undefined);
  }
}

function parsedJson(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return undefined;
  }
}

function misfit(cell: string, name: string, type: ColumnType, where: string): ShoalError {
  return new ShoalError("schema-conflict", `${where}: column "${name}" has ${preview(cell)} where ${wordFor(type)} (${type.kind}) ${type.kind === "bool" ? "was" : "were"} expected.`, {
    hint: `Mend the cell, or read the column as text: { types: { ${JSON.stringify(name)}: "utf8" } }.`,
    failure: "row",
    details: { column: name, expected: type.kind, row: where },
  });
}
