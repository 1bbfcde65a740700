import type { OnnxFeeds, OnnxPort, OnnxRunOptions, OnnxSession, OnnxTensor, ResidentTensor } from "@shoal/core";
import { checkFeeds } from "./check-feeds.ts";
import { onnxRunError } from "./onnx-errors.ts";
import type { Answers, LoadedSession, Operation } from "./operations.ts";

/** Has an operation done where the sessions are. @throws an Error of the library's words, or a ShoalError. */
export type Perform = <K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>) => Promise<Answers[K]>;

/** A session as predictors know it. The one that does the work may live in another thread. */
export class OrtSession implements OnnxSession {
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly device: string;
  readonly #perform: Perform;
  readonly #session: number;
  readonly #model: string;

  constructor(perform: Perform, loaded: LoadedSession, model: string, device: string) {
    this.inputs = loaded.inputs;
    this.outputs = loaded.outputs;
    this.device = device;
    this.#perform = perform;
    this.#session = loaded.session;
    this.#model = model;
  }

  run(feeds: OnnxFeeds, options: OnnxRunOptions & { readonly keep: readonly string[] }): Promise<Record<string, OnnxTensor | ResidentTensor>>;
  run(feeds: OnnxFeeds, options?: OnnxRunOptions): Promise<Record<string, OnnxTensor>>;
  async run(feeds: OnnxFeeds, options: OnnxRunOptions = {}): Promise<Record<string, OnnxTensor | ResidentTensor>> {
    checkFeeds(feeds, this.inputs, this.#model);
    const { keep = [], lastPosition = [], pooled, movesFeeds = false } = options;
    return this.#guarded(this.#perform<"run">({ kind: "run", session: this.#session, feeds, keep, lastPosition, pooled, movesFeeds }));
  }

  async gather(tensors: readonly ResidentTensor[], rows: readonly number[]): Promise<ResidentTensor[]> {
    const ids = tensors.map((tensor) => tensor.resident);
    return [...(await this.#guarded(this.#perform<"gather">({ kind: "gather", session: this.#session, tensors: ids, rows })))];
  }

  async free(tensors: readonly ResidentTensor[]): Promise<void> {
    await this.#guarded(this.#perform<"free">({ kind: "free", tensors: tensors.map((tensor) => tensor.resident) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What performs may be gone or going, and the session with it.
    await this.#perform<"release">({ kind: "release", session: this.#session }).catch(() => {});
  }

  async #guarded<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw onnxRunError(error, this.#model, this.device, this.inputs);
    }
  }
}
