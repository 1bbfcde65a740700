import { ShoalError, type Datasource } from "@shoal/core";
import { memoryDatasource } from "./memory-datasource.ts";

/** The numbers 0 … n − 1 in the column `id` (int32, float64 where they don't fit), made as they are asked for. */
export function range(n: number): Datasource<{ id: number }> {
  if (!Number.isSafeInteger(n) || n < 0) throw new ShoalError("bad-option", `range(${n}): the number of rows must be a whole number, 0 or more.`, { hint: "Give the number of rows, as in range(1000).", failure: "bug" });
  const small = n <= 2 ** 31;
  const type = { kind: small ? "int32" : "float64" } as const;
  const source = memoryDatasource<{ id: number }>({
    name: `range(${n})`,
    rows: n,
    schema: { fields: [{ name: "id", type, nullable: false }] },
    version: () => "1",
    slice(start, end, columns) {
      const values = small ? new Int32Array(end - start) : new Float64Array(end - start);
      for (let at = 0; at < values.length; at++) values[at] = start + at;
      return columns.includes("id") ? { id: { type, length: values.length, values } } : {};
    },
  });
  return { ...source, spec: { format: "range", options: { n } } };
}
