/** Sinks refuse what is nested deeper; from half way down, values that contain themselves are looked for. */
const maxDepth = 1000;
const cycleDepth = 200;

/**
 * A value of a `json` column as JSON will have it, so that every sink, and an actor, gets the same: what has a `toJSON` (a URL) becomes what that
 * gives; dates, bytes, typed arrays and bigints stay. The very same object where nothing changes.
 * @param refuse for what JSON has no form for and would silently make `{}` or nothing of: functions, symbols, Map, Set, RegExp, Error, Promise …,
 * and a value that contains itself
 */
export function jsonForm(value: unknown, refuse: (what: string) => never, depth = 0, above?: Set<object>): unknown {
  if (typeof value === "function" || typeof value === "symbol") return refuse(`a ${typeof value}`);
  if (typeof value !== "object" || value === null || value instanceof Date || depth > maxDepth) return value;
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? refuse("a DataView") : value;
  const ancestors = above ?? (depth === cycleDepth ? new Set<object>() : undefined);
  if (ancestors?.has(value) === true) return refuse("itself");
  ancestors?.add(value);
  const form = Array.isArray(value) ? arrayForm(value, refuse, depth + 1, ancestors) : objectForm(value, refuse, depth + 1, ancestors);
  ancestors?.delete(value);
  return form;
}

function arrayForm(array: readonly unknown[], refuse: (what: string) => never, depth: number, above?: Set<object>): unknown {
  for (let at = 0; at < array.length; at++) {
    if (!Object.is(jsonForm(array[at], refuse, depth, above), array[at])) return array.map((item) => jsonForm(item, refuse, depth, above));
  }
  return array;
}

const plainTags = ["Object", "String", "Number", "Boolean"];

function objectForm(object: object, refuse: (what: string) => never, depth: number, above?: Set<object>): unknown {
  const { toJSON } = object as { toJSON?: unknown };
  if (typeof toJSON === "function") return jsonForm(toJSON.call(object), refuse, depth, above);
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    const tag = Object.prototype.toString.call(object).slice("[object ".length, -1);
    if (!plainTags.includes(tag)) refuse(`${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`);
  }
  const fields = object as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields);
  for (const name of names) {
    if (!Object.is(jsonForm(fields[name], refuse, depth, above), fields[name])) {
      return Object.fromEntries(names.map((other) => [other, jsonForm(fields[other], refuse, depth, above)]));
    }
  }
  return object;
}
