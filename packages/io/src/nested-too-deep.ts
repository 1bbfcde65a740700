import { ShoalError, type Block } from "@shoal/core";

/** How deep values may be nested: JavaScript's stack ends somewhere beyond. */
export const maxDepth = 1000;

/** Every format says it alike, also those that are encoded in another thread, which such values can't even be sent to. @throws `nested-too-deep` */
export function refuseDeepValues({ columns }: Block): void {
  for (const [name, { type, values }] of Object.entries(columns)) {
    if (type.kind !== "json") continue;
    const row = (values as readonly unknown[]).findIndex((value) => isDeeper(value, maxDepth));
    if (row >= 0) throw nestedTooDeep(`A value of column "${name}"`, name);
  }
}

export function nestedTooDeep(what: string, column?: string): ShoalError {
  return new ShoalError("nested-too-deep", `${what} is nested more than ${maxDepth} levels deep.`, { hint: "Flatten it in a step before the output.", failure: "bug", ...(column === undefined ? {} : { details: { column } }) });
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (levels < 0) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (isDeeper(item, levels - 1)) return true;
  return false;
}
