/** Law 1: a plan is frozen data, with everything that is data in it. Sources and functions belong to others and stay as they are. */
export function frozen<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value;
  for (const [name, part] of Object.entries(value)) {
    if (name !== "source" && name !== "step" && typeof part === "object" && part !== null && !ArrayBuffer.isView(part)) frozen(part as object);
  }
  return Object.freeze(value);
}
