import { isRasterImage, isTypedArray, type RasterImage } from "@shoal/core";

const longestText = 300;
const mostItems = 8;
const deepest = 4;
const largestPicture = 32 * 1024;
const thumbnailSide = 64;

/** A value of a finished row for people: JSON, long things cut, pictures as small `data:` URLs. */
export function sampleValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array && !(value instanceof Uint8ClampedArray)) return picture(value) ?? `${value.byteLength} bytes`;
  if (isTypedArray(value)) return summary(Array.from(value.subarray(0, mostItems) as ArrayLike<number | bigint>), value.length);
  if (isRasterImage(value)) return thumbnail(value);
  if (depth >= deepest) return "…";
  if (Array.isArray(value)) return value.every((item) => typeof item === "number") ? summary(value.slice(0, mostItems), value.length) : value.slice(0, mostItems).map((item) => sampleValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).slice(0, 2 * mostItems).map(([name, item]) => [name, sampleValue(item, depth + 1)]));
}

function summary(first: readonly (number | bigint)[], length: number): string {
  const numbers = first.map((item) => (typeof item === "bigint" ? item.toString() : String(Number(item.toPrecision(4))))).join(", ");
  return length > first.length ? `[${numbers}, … ${length} numbers]` : `[${numbers}]`;
}

const kinds: readonly (readonly [type: string, ...magic: number[]])[] = [["image/png", 0x89, 0x50, 0x4e, 0x47], ["image/jpeg", 0xff, 0xd8, 0xff], ["image/gif", 0x47, 0x49, 0x46, 0x38]];

/** Bytes of a picture file as they are, where they are few. */
function picture(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > largestPicture) return undefined;
  const kind = kinds.find(([, ...magic]) => magic.every((byte, at) => bytes[at] === byte));
  return kind && `data:${kind[0]};base64,${base64(bytes)}`;
}

/** Every so many-th pixel, as a BMP: the one format that needs no compression. */
function thumbnail({ width, height, channels, data }: RasterImage): string {
  const step = Math.max(1, Math.ceil(Math.max(width, height) / thumbnailSide));
  const [columns, lines] = [Math.max(1, Math.floor(width / step)), Math.max(1, Math.floor(height / step))];
  if (width === 0 || height === 0) return "an empty picture";
  const stride = Math.ceil((columns * 3) / 4) * 4;
  const bytes = new Uint8Array(54 + stride * lines);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.byteLength, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, columns, true);
  // Lines from the top down.
  view.setInt32(22, -lines, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < columns; column++) {
      const from = (line * step * width + column * step) * channels;
      const to = 54 + line * stride + column * 3;
      const grey = channels < 3;
      for (let colour = 0; colour < 3; colour++) bytes[to + colour] = data[grey ? from : from + 2 - colour] as number;
    }
  }
  return `data:image/bmp;base64,${base64(bytes)}`;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x2000) text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return btoa(text);
}
