import { columnValue, isTypedArray, preview, ShoalError, type Column } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import type { Pixels } from "../image/pixels.ts";

/** @throws `missing-value`, `wrong-type`, `image-not-found`, `bad-image` (all `row`), with the row of the block; `missing-decoder` */
export type ImageReader = (column: Column, row: number, signal: AbortSignal) => Promise<Pixels>;

/** Reads what {@link ImageInput} allows. */
export function imageReader({ spec, platform, decodeImage }: TaskContext, input: string): ImageReader {
  return async (column, row, signal) => {
    const value = columnValue(column, row);
    if (column.type.kind === "tensor") return tensorPixels(value as Uint8Array, column.type.shape, row);
    if (typeof value === "string") return decode(await load(value, row, signal), row);
    if (value instanceof Uint8Array) return decode(value, row);
    const pixels = pixelsOf(value);
    if (pixels !== undefined) return pixels;
    throw rowError("wrong-type", row, value === null || value === undefined ? "nothing" : preview(value), "Give it encoded bytes, a path, a URL, { width, height, data } or uint8 tensors [height, width, channels].");
  };

  function rowError(code: string, row: number, what: string, hint: string, cause?: unknown): ShoalError {
    return new ShoalError(code, `Column "${input}" has ${what} where an image is wanted.`, {
      failure: "row", hint, details: { rows: [row], column: input }, ...(cause === undefined ? {} : { cause }),
    });
  }

  function tensorPixels(data: Uint8Array | Uint8ClampedArray, shape: readonly number[], row: number): Pixels {
    const [height, width, channels = 1] = shape;
    if (height !== undefined && width !== undefined && shape.length <= 3 && channels >= 1 && channels <= 4 && data.BYTES_PER_ELEMENT === 1) return { width, height, channels, data };
    throw rowError("wrong-type", row, `a tensor of shape [${shape.join(", ")}]`, "Give it uint8 tensors [height, width, channels] with 1 to 4 channels.");
  }

  async function load(place: string, row: number, signal: AbortSignal): Promise<Uint8Array> {
    try {
      if (/^(https?|data):/i.test(place)) {
        const response = await fetch(place, { signal });
        if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      }
      const bytes = await platform.readFile(place, signal);
      if (bytes !== undefined) return bytes;
      throw new Error("there is no such file");
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw rowError("image-not-found", row, `${preview(place)}, which can't be read (${cause instanceof Error ? cause.message : String(cause)})`, "Check the path or URL, or handle such rows with onError.", cause);
    }
  }

  async function decode(bytes: Uint8Array, row: number): Promise<Pixels> {
    if (decodeImage === undefined) {
      throw new ShoalError("missing-decoder", `${spec.name}: column "${input}" holds encoded images, and this actor has no decoder for them.`, {
        failure: "bug", hint: "Give the backend one: transformersBackend({ decodeImage }); or decode the images in a step before this one.",
      });
    }
    try {
      return await decodeImage(bytes);
    } catch (cause) {
      // No image of any row could be decoded.
      if (ShoalError.is(cause) && cause.code === "missing-library") throw cause;
      throw rowError("bad-image", row, `${bytes.length} bytes that can't be decoded (${cause instanceof Error ? cause.message : String(cause)})`, "Handle such rows with onError.", cause);
    }
  }
}

function pixelsOf(value: unknown): Pixels | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { width, height, data, channels } = value as Partial<Pixels>;
  if (typeof width !== "number" || typeof height !== "number" || data === undefined || !isTypedArray(data) || data.BYTES_PER_ELEMENT !== 1) return undefined;
  const found = channels ?? data.length / (width * height);
  return [1, 2, 3, 4].includes(found) && data.length === width * height * found ? { width, height, channels: found, data } : undefined;
}
