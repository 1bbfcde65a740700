import { isRasterImage } from "./raster-image.ts";
import { isTypedArray } from "./typed-array.ts";

/** A value short enough for a message. */
export function preview(value: unknown, maxLength = 60): string {
  if (isTypedArray(value)) return `${value.constructor.name}(${value.length})`;
  if (isRasterImage(value)) return `image ${value.width}×${value.height}×${value.channels}`;
  let text: string;
  try {
    text = typeof value === "bigint" ? `${value}n` : (JSON.stringify(value, short) ?? String(value));
  } catch {
    text = String(value);
  }
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

/** What JSON has no word for, or too many. */
function short(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return isTypedArray(value) ? `${value.constructor.name}(${value.length})` : value;
}
