/** Pixels row by row from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @param orientation EXIF's 1 to 8: how the stored picture must be turned and mirrored to stand upright */
export function turnUpright({ width, height, channels, data }: Raster, orientation: number): Raster {
  if (orientation === 1) return { width, height, channels, data };
  // 5 to 8 lie on their side.
  const swaps = orientation >= 5;
  const [toWidth, toHeight] = swaps ? [height, width] : [width, height];
  // From which end of the stored picture an upright column, and an upright row, is counted.
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const result = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [column, row] = swaps ? [y, x] : [x, y];
      const from = ((fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column)) * channels;
      for (let channel = 0; channel < channels; channel++) result[to++] = data[from + channel] as number;
    }
  }
  return { width: toWidth, height: toHeight, channels, data: result };
}
