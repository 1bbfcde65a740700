import { elementsPerRow } from "./column-type.ts";
import type { Column } from "./column.ts";
import { isTypedArray } from "./typed-array.ts";

/** Whether a column of floats, or of tensors of floats, has values and they are nothing but NaN: that is what a lost GPU hands back (law 9). A missing value says nothing. */
export function isAllNaN({ type, values, validity }: Column): boolean {
  const kind = type.kind === "tensor" ? type.element : type.kind;
  if ((kind !== "float32" && kind !== "float64") || !isTypedArray(values)) return false;
  const perRow = elementsPerRow(type);
  let any = false;
  for (let at = 0; at < values.length; at++) {
    if (validity !== undefined && validity[Math.floor(at / perRow)] === 0) continue;
    if (!Number.isNaN(values[at])) return false;
    any = true;
  }
  return any;
}
