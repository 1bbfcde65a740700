/** Decoded pixels: rows from the top, `channels` bytes a pixel (1 grey, 3 RGB, 4 RGBA). */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Exactly the fields of a {@link RasterImage}, and as many bytes as they say. */
export function isRasterImage(value: unknown): value is RasterImage {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 4) return false;
  const { width, height, channels, data } = value as Partial<RasterImage>;
  return data instanceof Uint8Array && data.length === Number(width) * Number(height) * Number(channels);
}
