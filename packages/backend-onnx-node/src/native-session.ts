import { checkFeeds, isResident, onnxRunError, type OnnxFeeds, type OnnxPort, type OnnxRunOptions, type OnnxSession, type OnnxTensor, type ResidentTensor } from "@shoal/core";
import type { LoadedSession } from "@shoal/ort-sessions";
import type { InnerThread } from "./inner-thread.ts";

/** A session that lives in the inner thread. */
export class NativeSession implements OnnxSession {
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly device: string;
  readonly #thread: InnerThread;
  readonly #session: number;
  readonly #model: string;

  constructor(thread: InnerThread, loaded: LoadedSession, model: string, device: string) {
    this.inputs = loaded.inputs;
    this.outputs = loaded.outputs;
    this.device = device;
    this.#thread = thread;
    this.#session = loaded.session;
    this.#model = model;
  }

  run(feeds: OnnxFeeds, options: OnnxRunOptions & { readonly keep: readonly string[] }): Promise<Record<string, OnnxTensor | ResidentTensor>>;
  run(feeds: OnnxFeeds, options?: OnnxRunOptions): Promise<Record<string, OnnxTensor>>;
  async run(feeds: OnnxFeeds, options: OnnxRunOptions = {}): Promise<Record<string, OnnxTensor | ResidentTensor>> {
    checkFeeds(feeds, this.inputs, this.#model);
    const transfer: ArrayBuffer[] = [];
    const sent = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, travelling(tensor, transfer)]));
    const { keep = [], lastPosition = [] } = options;
    return this.#guarded(this.#thread.call({ kind: "run", session: this.#session, feeds: sent, keep, lastPosition }, transfer));
  }

  async gather(tensors: readonly ResidentTensor[], rows: readonly number[]): Promise<ResidentTensor[]> {
    const ids = tensors.map((tensor) => tensor.resident);
    return [...(await this.#guarded(this.#thread.call({ kind: "gather", session: this.#session, tensors: ids, rows })))];
  }

  async free(tensors: readonly ResidentTensor[]): Promise<void> {
    await this.#guarded(this.#thread.call({ kind: "free", tensors: tensors.map((tensor) => tensor.resident) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The thread may be gone or going, and the session with it.
    await this.#thread.call({ kind: "release", session: this.#session }).catch(() => {});
  }

  async #guarded<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw onnxRunError(error, this.#model, this.device, this.inputs);
    }
  }
}

/** The caller keeps its arrays, which may be views of a whole column: exactly the tensor's numbers are copied, and moved. */
function travelling(tensor: OnnxTensor | ResidentTensor, transfer: ArrayBuffer[]): OnnxTensor | ResidentTensor {
  if (isResident(tensor) || !ArrayBuffer.isView(tensor.data)) return tensor;
  const data = tensor.data.slice();
  transfer.push(data.buffer as ArrayBuffer);
  return { type: tensor.type, shape: tensor.shape, data };
}
