import { count } from "@shoal/volunteer/format";

/** A value of a row on one line or several: text as it stands, all else as JSON. */
export function cellText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6)));
  return JSON.stringify(value) ?? "–";
}

/** Whether a value of a sample is a picture that this page can show by itself. */
export function isPicture(value: unknown): value is string {
  return typeof value === "string" && /^data:image\/(png|jpeg|webp|gif|avif|bmp|svg\+xml)[;,]/.test(value);
}
