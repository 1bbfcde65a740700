/**
 * Imports with `location` hidden where its origin is the word "null", as in a worker of Deno: onnxruntime-web resolves URLs against it
 * while it is imported, and throws.
 */
export async function withoutOpaqueLocation<T>(load: () => Promise<T>): Promise<T> {
  const { location } = globalThis as { location?: { readonly origin: string } };
  if (location?.origin !== "null") return load();
  return restoring("location", () => {
    Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
    return load();
  });
}

/** Starts the library where it believes itself in Node, and puts that of `node:worker_threads` in the place of the global `Worker`. */
export function keepingWorker<T>(start: () => Promise<T>): Promise<T> {
  return restoring("Worker", start);
}

async function restoring<T>(name: string, work: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  try {
    return await work();
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, own);
  }
}
