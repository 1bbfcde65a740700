/** Where the consoles of Node and Bun, and of Deno, ask an object how it wants to be shown. */
export const inspectNode: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
export const inspectDeno: unique symbol = Symbol.for("Deno.customInspect") as never;

/** The same data, which consoles and `String()` show as `show` says. It compares, copies and becomes JSON as before. */
export function printable<T extends object>(data: T, show: (data: T) => string): T {
  const value = (): string => show(data);
  return Object.defineProperties({ ...data }, { [inspectNode]: { value }, [inspectDeno]: { value }, toString: { value } });
}
