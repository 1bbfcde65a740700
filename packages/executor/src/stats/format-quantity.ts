/** `1,234` */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `1,234`, and of slow things `7.2`, `0.1`. */
export function formatRate(perSecond: number): string {
  return perSecond < 10 ? Number(perSecond.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 3 }) : formatCount(perSecond);
}

/** `850 ms`, `12.3 s`, `2 min 5 s`, `3 h 20 min`; with `wholeSeconds`, for what changes under a reader's eyes, `1 s` and `12 s`. */
export function formatDuration(ms: number, { wholeSeconds = false } = {}): string {
  if (ms < 1000 && !wholeSeconds) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${wholeSeconds ? seconds : (ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `512 B`, `1.5 GiB` */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (bytes >= 1024 && at < units.length - 1) {
    bytes /= 1024;
    at++;
  }
  return `${bytes >= 100 || Number.isInteger(bytes) ? Math.round(bytes) : bytes.toFixed(1)} ${units[at]}`;
}

/** `1 batch`, `2,000 batches`, `0.5 CPUs` */
export function plural(value: number, one: string, several = `${one}s`): string {
  return `${value.toLocaleString("en-US")} ${value === 1 ? one : several}`;
}
