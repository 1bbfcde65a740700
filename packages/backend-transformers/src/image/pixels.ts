/** A decoded image: rows of pixels from the top, channels interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Decodes an image file's bytes (JPEG, PNG, …). */
export type DecodeImage = (bytes: Uint8Array) => Pixels | Promise<Pixels>;
