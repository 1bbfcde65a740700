import type { Block, Datasource, Schema } from "@shoal/core";
import { badContent, ContentFault } from "./content-fault.ts";
import { fileDatasource } from "./file-datasource.ts";
import type { SourceFile } from "./file-store.ts";
import type { Paths } from "./given-files.ts";
import { dtypeOf, fromFortranOrder, maxHeaderBytes, readNpyHeader, type NpyHeader } from "./npy-decode.ts";

interface OpenNpy extends NpyHeader {
  readonly rows: number;
  /** Of one row, without the first axis. */
  readonly rowShape: readonly number[];
  readonly rowBytes: number;
}

const readBytes = 8 << 20;

/**
 * NumPy arrays (`.npy`) as rows: the first axis is the rows, column `data` holds a number, or a tensor of the other axes; text becomes
 * `utf8`, half floats become float32. `.npz` is not read.
 * @param paths files, directories, globs, URLs or Blobs
 * @throws on reading: `bad-file`, `unsupported-file` (complex, objects, structured rows), naming the file.
 */
export function npySource<R = { data: unknown }>(paths: Paths): Datasource<R> {
  return fileDatasource<R>(paths, {
    format: "npy",
    extensions: [".npy"],
    prunesColumns: false,
    streams: false,
    schema: async (file, signal): Promise<Schema> => {
      const { dtype, rowShape } = await openNpy(file, signal);
      return { fields: [{ name: "data", type: dtypeOf(dtype).column(new ArrayBuffer(0), rowShape).type, nullable: false }] };
    },
    countRows: async (file, signal) => (await openNpy(file, signal)).rows,
    async *read(file, { firstRow = 0, signal }): AsyncIterable<Block> {
      const npy = await openNpy(file, signal);
      // Column-major rows lie scattered over the whole file.
      const step = npy.fortranOrder ? npy.rows : Math.max(1, Math.floor(readBytes / Math.max(1, npy.rowBytes)));
      for (let row = npy.fortranOrder ? 0 : firstRow; row < npy.rows; row += step) {
        const rows = Math.min(step, npy.rows - row);
        const start = npy.dataStart + row * npy.rowBytes;
        const read = await file.bytes(start, start + rows * npy.rowBytes, signal);
        const bytes = npy.fortranOrder ? fromFortranOrder(read, dtypeOf(npy.dtype).bytes, npy.shape).subarray(firstRow * npy.rowBytes) : read;
        const data = dtypeOf(npy.dtype).column(bytes.slice().buffer as ArrayBuffer, npy.rowShape);
        yield { rows: data.length, columns: { data }, lineage: [] };
      }
    },
  }, {});
}

async function openNpy(file: SourceFile, signal: AbortSignal): Promise<OpenNpy> {
  try {
    if (file.size === undefined) throw new ContentFault("unsupported-file", "its size is unknown, as the server does not tell");
    const header = readNpyHeader(await file.bytes(0, Math.min(file.size, maxHeaderBytes), signal));
    const [rows = 1, ...rowShape] = header.shape;
    const rowBytes = rowShape.reduce((product, size) => product * size, dtypeOf(header.dtype).bytes);
    const have = file.size - header.dataStart;
    if (have < rows * rowBytes) throw new ContentFault("bad-file", `its header promises ${rows * rowBytes} bytes of data, and it has ${have}`);
    return { ...header, shape: header.shape.length === 0 ? [1] : header.shape, rows, rowShape, rowBytes };
  } catch (error) {
    throw badContent(error, "npy", file.path);
  }
}
