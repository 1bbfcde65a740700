import type { Gunzip } from "../gunzipped.ts";
import type { DecodeImageBytes } from "../decode-image.ts";
import type { Thread } from "../decode-thread-messages.ts";
import type { FileStore } from "../file-store.ts";
import type { Output, OutputFile, OutputOptions } from "../output.ts";

/** What reading and writing need of the runtime. The package's import conditions choose which one `#platform` is. */
export interface IoPlatform {
  /** The most threads that are of use at once. */
  readonly parallelism: number;
  /** The store that holds a path, which is no URL. @throws `no-local-files`, `no-opfs` */
  storeOf(path: string): Promise<FileStore>;
  /** Opens a path for writing. @throws `no-local-files`, `no-opfs`, and what its place throws */
  openOutput(path: string, options: OutputOptions): Promise<Output>;
  /** One name for each file and folder: links followed. Undefined where nothing is there, and for what is no file of this platform. */
  realPath(path: string): Promise<string | undefined>;
  gunzip(): Promise<Gunzip>;
  /** The same file, compressed. */
  gzipFile(file: OutputFile): Promise<OutputFile>;
  startThread(): Promise<Thread>;
  /** What all threads of this process have computed so far, in milliseconds of CPU time. Absent where nobody counts it. */
  cpuMs?(): number;
  imageDecoder(): Promise<DecodeImageBytes>;
}
