import { preview, ShoalError } from "@shoal/core";

/** Arguments travel to other processes as JSON. @throws `bad-option` where they would not arrive as they are. */
export function checkJson(where: string, value: unknown): void {
  const wrong = firstNotJson(value, where, new Set());
  if (wrong === undefined) return;
  throw new ShoalError("bad-option", `${wrong} is not JSON, and a predictor's arguments travel to its actors as JSON.`, {
    failure: "bug", hint: "Pass strings, numbers, booleans, null, arrays and plain objects; make everything else from them in setup().",
  });
}

function firstNotJson(value: unknown, where: string, above: ReadonlySet<unknown>): string | undefined {
  if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return undefined;
  if (typeof value !== "object" || above.has(value)) return `${where} (${preview(String(value))})`;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
  if (!plain) return `${where} (a ${value.constructor.name})`;
  const path = new Set([...above, value]);
  for (const [name, part] of Object.entries(value)) {
    const wrong = firstNotJson(part, `${where}.${name}`, path);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
