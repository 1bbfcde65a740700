/**
 * Imports with `location` hidden where its origin is the word "null", as in a worker of Deno: onnxruntime-web resolves URLs against it
 * while it is imported, and throws.
 */
export async function withoutOpaqueLocation<T>(load: () => Promise<T>): Promise<T> {
  const { location } = globalThis as { location?: { readonly origin: string } };
  if (location?.origin !== "null") return load();
  const own = Object.getOwnPropertyDescriptor(globalThis, "location");
  Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  try {
    return await load();
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, "location");
    else Object.defineProperty(globalThis, "location", own);
  }
}
