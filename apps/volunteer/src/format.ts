// How numbers are written on pages: on the volunteer's, and on the coordinator's dashboard.

/** `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** `1 worker`, `3 workers`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Rows per second with about three digits that matter: `0.42`, `7.3`, `1,248`, `1.25 M`. */
export function rate(value: number): string {
  if (value === 0) return "0";
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 9.95) return count(value);
  return value >= 0.995 ? value.toFixed(1) : value.toFixed(2);
}

/** How far something is, in percent, rounded down, so that 100 % means all. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return "0 %";
  const value = (100 * part) / whole;
  return part > 0 && value < 1 ? "<1 %" : `${Math.min(100, Math.floor(value))} %`;
}

/** A share, however small: `0.02 %`, `3.1 %`, `42 %`. */
export function shareText(part: number): string {
  const value = 100 * part;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2)} %`;
}

/** `4 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.floor(minutes / (24 * 60))} d ${Math.floor((minutes % (24 * 60)) / 60)} h`;
}

/** `14:03:20`. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}

/** `12.4 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`;
  const unit = value < 999_500 ? 1e3 : value < 999.5e6 ? 1e6 : 1e9;
  return `${(value / unit).toPrecision(3)} ${unit === 1e3 ? "kB" : unit === 1e6 ? "MB" : "GB"}`;
}

const deviceWords: Readonly<Record<string, string>> = { webgpu: "WebGPU", cuda: "CUDA", wasm: "CPU (WASM)", cpu: "CPU" };

export function deviceName(device: string): string {
  return deviceWords[device] ?? device;
}
