import { preview, ShoalError } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { RowRun } from "./row-shape.ts";

/** The run with its rows as the schema gives them back. @throws `invalid-row` naming file, line, column and reason */
export async function validateRun(run: RowRun, schema: StandardSchemaV1 | undefined): Promise<RowRun> {
  if (schema === undefined) return run;
  const rows = new Array<unknown>(run.rows.length);
  for (let row = 0; row < rows.length; row++) {
    const value = run.rows[row];
    const given = schema["~standard"].validate(value);
    const result = given instanceof Promise ? await given : given;
    if (result.issues !== undefined) throw invalidRow(run.where(row), value, result.issues);
    rows[row] = result.value;
  }
  // The schema may have made other values of them: the text is theirs no longer.
  return { rows, bytes: run.bytes, where: (row) => run.where(row) };
}

function invalidRow(where: string, value: unknown, issues: readonly StandardSchemaV1.Issue[]): ShoalError {
  const [first] = issues;
  const path = (first?.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  const column = path.length === 0 ? undefined : path.map(String).join(".");
  const found = path.reduce<unknown>((inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined), value);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new ShoalError("invalid-row", `${where}: ${column === undefined ? "the row" : `column "${column}" has ${preview(found)}, which`} does not fit the schema: ${first?.message ?? "invalid"}${more}.`, {
    hint: "Mend the row, or loosen the schema.",
    failure: "row",
    details: { row: where, ...(column === undefined ? {} : { column }), issues: issues.map((issue) => issue.message) },
  });
}
