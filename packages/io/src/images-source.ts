import { columnFromValues, createBlock, tensorColumn, type Block, type Column, type ColumnType, type Datasource, type JsonObject, type Schema } from "@shoal/core";
import { decodeImage, imageChannels, type ImageOptions } from "./decode-image.ts";
import { fileDatasource } from "./file-datasource.ts";

export type ImagesSourceOptions = ImageOptions;

/** A row of {@link imagesSource}. `image` is flat: pixel by pixel, row by row from the top. */
export interface ImageRow {
  readonly path: string;
  readonly image: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Images as rows, one a file, upright and in one mode. With `size` column `image` is a tensor `[height, width, channels]`; without, each
 * image keeps its own size, so `image` is a list of bytes and `height`, `width` and `channels` say how to read it.
 * Asked for `path` alone, it opens no file.
 * @param paths files, directories, globs or URLs
 * @throws on reading: `bad-file`, `unsupported-file`; `missing-library` without @napi-rs/image.
 */
export function imagesSource(paths: string | readonly string[], options: ImagesSourceOptions = {}): Datasource<ImageRow> {
  const { size, mode } = options;
  const channels = imageChannels(mode);
  const type: ColumnType = size === undefined ? { kind: "list", element: "uint8" } : { kind: "tensor", element: "uint8", shape: [...size, channels] };
  return fileDatasource<ImageRow>(paths, {
    format: "images",
    extensions: [".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"],
    prunesColumns: true,
    streams: false,
    schema: async (): Promise<Schema> => ({
      fields: [["path", { kind: "utf8" } as ColumnType] as const, ["image", type] as const, ...["height", "width", "channels"].map((name) => [name, { kind: "int32" } as ColumnType] as const)]
        .map(([name, fieldType]) => ({ name, type: fieldType, nullable: false })),
    }),
    countRows: async () => 1,
    async *read(file, { firstRow = 0, columns, signal }): AsyncIterable<Block> {
      if (firstRow > 0) return;
      const path: Column = { type: { kind: "utf8" }, length: 1, values: [file.path] };
      if (columns !== undefined && columns.every((name) => name === "path")) {
        yield createBlock(columns.length === 0 ? {} : { path }, [], 1);
        return;
      }
      const image = await decodeImage(file.path, { ...options, signal });
      const number = (value: number): Column => columnFromValues([value], { kind: "int32" });
      yield createBlock({
        path,
        image: type.kind === "tensor" ? tensorColumn(image.data, type.shape) : { type, length: 1, values: [image.data] },
        height: number(image.height),
        width: number(image.width),
        channels: number(image.channels),
      }, [], 1);
    },
  }, { ...options } as JsonObject);
}
