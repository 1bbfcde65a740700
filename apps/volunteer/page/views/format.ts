const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** As in `12,345`. */
export function count(value: number): string {
  return whole.format(value);
}

/** As in `12,345 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** As in `0.4`, `12.3`, `1,234`. */
export function rate(rowsPerSecond: number): string {
  return rowsPerSecond > 0 && rowsPerSecond < 99.95 ? rowsPerSecond.toFixed(1) : whole.format(rowsPerSecond);
}

/** As in `0.02 %`, `3.1 %`, `42 %`. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2)} %`;
}

/** As in `4.2 MB`. */
export function bytes(value: number): string {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (value >= size) return `${value >= 10 * size ? Math.round(value / size) : (value / size).toFixed(1)} ${unit}`;
  }
  return `${value} bytes`;
}

/** Within a sentence. */
export function deviceName(device: string): string {
  return device === "webgpu" ? "graphics card (WebGPU)" : device === "wasm" ? "processor (WASM)" : device;
}

/** Where there is little room. */
export function shortDeviceName(device: string): string {
  return device === "webgpu" ? "WebGPU" : device === "wasm" ? "CPU (WASM)" : device;
}
