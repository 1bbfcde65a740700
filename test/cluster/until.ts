import { vi } from "vitest";

/** What a look gives once it gives something: the fact that a test waits for. */
export async function until<T>(look: () => T | undefined | false, timeout = 20_000): Promise<T> {
  return (await vi.waitUntil(look, { timeout, interval: 1 })) as T;
}
