import type { ColumnType } from "../column-type.ts";
import type { NumberKind, TypedArray } from "../typed-array.ts";

/** A dense tensor as ONNX Runtime takes and gives it: row-major `data`, strings as an array; float16 is converted to float32 at this border. */
export interface OnnxTensor {
  readonly type: NumberKind | "bool" | "utf8";
  readonly shape: readonly number[];
  readonly data: TypedArray | readonly string[];
}

/** A tensor that stayed where the session runs (its thread, its GPU). Feed it to a later `run`; free it with `free`. */
export interface ResidentTensor {
  readonly resident: number;
  readonly shape: readonly number[];
}

/** Whether a tensor stayed where the session runs. */
export function isResident(tensor: OnnxTensor | ResidentTensor): tensor is ResidentTensor {
  return "resident" in tensor;
}

/** What a run is given, by the names of the model's inputs. */
export type OnnxFeeds = Readonly<Record<string, OnnxTensor | ResidentTensor>>;

/** An input or output of a model. A free dimension is its name, or -1 where it has none. */
export interface OnnxPort {
  readonly name: string;
  readonly type: NumberKind | "bool" | "utf8" | "float16";
  readonly shape: readonly (number | string)[];
}

/** Outputs of shape [rows, positions, n] of which one vector a row is wanted, that of the row's first positions: they come back as [rows, n], and others as they are. */
export interface PooledOutputs {
  readonly outputs: readonly string[];
  /** Positions of each row that count, from the first; of a row without any comes a vector of zeros. */
  readonly lengths: readonly number[];
  readonly by: "mean" | "first" | "last";
}

/** How one run of a session goes. */
export interface OnnxRunOptions {
  /** Outputs to leave where the session runs; they come back as {@link ResidentTensor}. */
  readonly keep?: readonly string[];
  /** Outputs of shape [rows, positions, n] of which only the last position is wanted; they come back as [rows, n]. */
  readonly lastPosition?: readonly string[];
  /** Made where the session runs: the vectors of all positions are large, and only moved to be thrown away. */
  readonly pooled?: PooledOutputs;
  /** The feeds were made for this run, and nobody reads them after it: their memory may move where the session runs. Otherwise it is copied. */
  readonly movesFeeds?: boolean;
}

/**
 * One loaded model. Runs are queued: one at a time (law 5). It runs beside the actor's own thread where the library can; in a browser it
 * may block it, which is that of a worker then.
 * Errors of `run` are rejections whose `failure` says `row`, `oom` or `device-lost`.
 */
export interface OnnxSession extends AsyncDisposable {
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly device: string;
  run(feeds: OnnxFeeds, options: OnnxRunOptions & { readonly keep: readonly string[] }): Promise<Record<string, OnnxTensor | ResidentTensor>>;
  run(feeds: OnnxFeeds, options?: OnnxRunOptions): Promise<Record<string, OnnxTensor>>;
  /** The given rows of the first axis, in that order, as new resident tensors; the old ones are freed. */
  gather(tensors: readonly ResidentTensor[], rows: readonly number[]): Promise<ResidentTensor[]>;
  free(tensors: readonly ResidentTensor[]): Promise<void>;
}

/** How a model becomes a session. */
export interface OnnxOptions {
  /** Bytes of external data files, by the path the model names them with. A model given as a path finds its own. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
  /** Threads inside one operation; the actor's share of the cores when not given. */
  readonly intraOpThreads?: number;
}

/** Loads a model from a path, a `file:` or `http(s):` URL, or bytes. */
export type OnnxLoader = (model: string | URL | Uint8Array, options?: OnnxOptions) => Promise<OnnxSession>;

/** The column type that holds one row of an output. */
export function portColumnType(port: OnnxPort): ColumnType {
  const element = port.type === "float16" ? "float32" : port.type;
  const shape = port.shape.slice(1);
  if (element === "bool" || element === "utf8" || shape.length === 0) return { kind: element };
  return shape.every((size) => typeof size === "number" && size > 0) ? { kind: "tensor", element, shape: shape as number[] } : { kind: "list", element };
}
