const tolerance = 1e-3;

/** Where two values are not equal as law 8 says it: the same rows in the same order, floats within 1e-3, all else identical. */
export function differences(actual: unknown, expected: unknown, place = "$"): string[] {
  if (typeof actual === "number" && typeof expected === "number") return Math.abs(actual - expected) <= tolerance ? [] : [`${place}: ${actual} is not ${expected}`];
  if (!isObject(actual) || !isObject(expected)) return Object.is(actual, expected) ? [] : [`${place}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`];
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  if (Array.isArray(actual) !== Array.isArray(expected) || names.length !== Object.keys(actual).length || names.length !== Object.keys(expected).length) {
    return [`${place} has ${Object.keys(actual).join(", ") || "nothing"}, and not ${Object.keys(expected).join(", ") || "nothing"}`];
  }
  return names.flatMap((name) => differences(actual[name], expected[name], `${place}.${name}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
