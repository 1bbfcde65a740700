import { createBlock, tensorColumn, type Block, type Column, type ColumnType, type Datasource, type JsonObject, type RasterImage, type Schema } from "@shoal/core";
import { decodeImageFile, imageChannels, type ImageOptions } from "./decode-image.ts";
import { fileDatasource } from "./file-datasource.ts";
import type { Paths } from "./given-files.ts";

export type ImagesSourceOptions = ImageOptions;

/** A row of {@link imagesSource}: every image has its own size. */
export interface ImageRow {
  readonly path: string;
  readonly image: RasterImage;
}

/** A row of {@link imagesSource} with `size`: flat pixels `[height, width, channels]`. */
export interface SizedImageRow {
  readonly path: string;
  readonly image: Uint8Array;
}

/**
 * Images as rows, one a file, upright and in one mode. With `size` column `image` is a tensor `[height, width, channels]`; without, each
 * image keeps its own size, and a value is `{ width, height, channels, data }`.
 * Asked for `path` alone, it opens no file.
 * @param paths files, directories, globs, URLs or Blobs
 * @throws on reading: `bad-file`, `unsupported-file`; `missing-library` without @cornerstonejs/codec-libjpeg-turbo-8bit (JPEG) or @napi-rs/image (all else).
 */
export function imagesSource(paths: Paths, options: ImagesSourceOptions & { readonly size: readonly [height: number, width: number] }): Datasource<SizedImageRow>;
export function imagesSource(paths: Paths, options?: ImagesSourceOptions): Datasource<ImageRow>;
export function imagesSource(paths: Paths, options: ImagesSourceOptions = {}): Datasource<ImageRow | SizedImageRow> {
  const { size, mode } = options;
  const channels = imageChannels(mode);
  const type: ColumnType = size === undefined ? { kind: "image" } : { kind: "tensor", element: "uint8", shape: [...size, channels] };
  return fileDatasource<ImageRow | SizedImageRow>(paths, {
    format: "images",
    extensions: [".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"],
    prunesColumns: true,
    streams: false,
    rowPerFile: true,
    schema: async (): Promise<Schema> => ({
      fields: [{ name: "path", type: { kind: "utf8" }, nullable: false }, { name: "image", type, nullable: false }],
    }),
    countRows: async () => 1,
    async *read(file, { firstRow = 0, columns, signal }): AsyncIterable<Block> {
      if (firstRow > 0) return;
      const path: Column = { type: { kind: "utf8" }, length: 1, values: [file.path] };
      if (columns !== undefined && columns.every((name) => name === "path")) {
        yield createBlock(columns.length === 0 ? {} : { path }, [], 1);
        return;
      }
      const image = await decodeImageFile(file, { ...options, signal });
      yield createBlock({
        path,
        image: type.kind === "tensor" ? tensorColumn(image.data, type.shape) : { type, length: 1, values: [image] },
      }, [], 1);
    },
  }, { ...options } as JsonObject);
}
