const firstMs = 500;
const longestMs = 30_000;

/** How long to wait before trying again, after so many failures in a row. Of unlike length, so that many don't come back at once. */
export function backOffMs(failures: number, random: () => number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1)) * (0.5 + random() / 2);
}
