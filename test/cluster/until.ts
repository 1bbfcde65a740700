import { vi } from "vitest";

/** What a look gives once it gives something: the fact that a test waits for. */
export function until<T>(look: () => T | undefined | false): Promise<T | undefined | false> {
  return vi.waitUntil(look, { timeout: 20_000, interval: 1 });
}
