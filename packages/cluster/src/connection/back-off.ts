const firstMs = 500;
const longestMs = 30_000;

/** How long to wait after so many failures in a row: doubling, and of unlike length, so that all who lost one coordinator do not come back at once. */
export function backOffMs(failures: number, random: () => number, mostMs = longestMs): number {
  return Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1)) * (0.5 + random() / 2);
}
