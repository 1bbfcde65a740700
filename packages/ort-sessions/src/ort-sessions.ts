import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { OnnxPort, OnnxTensor, PooledOutputs, ResidentTensor, TypedArray } from "@shoal/core";
import { GpuGather } from "./gpu-gather.ts";
import { fromOrtTensor, gatherRows, lastPosition, portsOf, toOrtTensor, type Ort } from "./ort-tensors.ts";
import type { Answers, Operation, OrtModel, SessionSettings } from "./operations.ts";
import { poolPositions } from "./pool-positions.ts";

interface Session {
  session: InferenceSession;
  /** Makes it anew, where a failed run leaves it unusable. */
  readonly renew: (() => Promise<InferenceSession>) | undefined;
  failed: boolean;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

interface Resident {
  readonly tensor: Tensor;
  readonly owner: number;
}

/** What builds of the library can, and can't. */
export interface OrtFeatures {
  /** Bring a tensor from the GPU to memory. In onnxruntime-node that aborts the process. */
  readonly downloads: boolean;
  /**
   * False: what a failed run on WebGPU leaves behind may spoil the next, and its session is made anew. In onnxruntime-web its inputs stay bound to a
   * session whose outputs stay on the GPU; in onnxruntime-node the device keeps buffers for which there was no memory.
   */
  readonly forgetsFailedRuns: boolean;
}

/**
 * The sessions of one actor and the tensors that stay with them; a tensor of one session may feed another. Asks the library for one
 * thing at a time as long as its caller does: it has no queue.
 */
export class OrtSessions implements AsyncDisposable {
  readonly #ort: Ort;
  readonly #features: OrtFeatures;
  readonly #gpu: GpuGather;
  readonly #sessions = new Map<number, Session>();
  readonly #residents = new Map<number, Resident>();
  #lastId = 0;
  #leftBytes = 0;

  constructor(ort: Ort, features: OrtFeatures) {
    this.#ort = ort;
    this.#features = features;
    this.#gpu = new GpuGather(ort);
  }

  /** Bytes of outputs that were read here, and of which only a part was given out: all of them so far. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** Releases all that is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const session of this.#sessions.keys()) await this.#release(session);
    } finally {
      await this.#gpu[Symbol.asyncDispose]();
    }
  }

  perform<K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> {
    return this.#perform(operation) as Promise<Answers[K]>;
  }

  /** The device complained of a run that ended well: its session is not trusted any more. */
  doubt(operation: Operation): void {
    const session = operation.kind === "run" ? this.#sessions.get(operation.session) : undefined;
    if (session !== undefined) session.failed = true;
  }

  /** Frees what an operation left here, where its answer reaches nobody. */
  async takeBack<K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>, answer: Answers[K]): Promise<void> {
    if (operation.kind === "load") await this.#release((answer as Answers["load"]).session);
    if (operation.kind !== "run" && operation.kind !== "gather") return;
    this.#free(Object.values(answer as Answers["run"] | Answers["gather"]).flatMap((tensor) => ("resident" in tensor ? [tensor.resident] : [])));
  }

  async #perform(operation: Operation): Promise<Answers[Operation["kind"]]> {
    switch (operation.kind) {
      case "load": return this.#load(operation.model, operation.settings);
      case "run": return this.#run(operation);
      case "gather": return this.#gather(operation);
      case "free": return this.#free(operation.tensors);
      case "release": return this.#release(operation.session);
    }
  }

  async #load(model: OrtModel, settings: SessionSettings): Promise<Answers["load"]> {
    const onGpu = settings.executionProviders.includes("webgpu");
    const create = async (): Promise<InferenceSession> => {
      const { bytes, externalData = {} } = typeof model === "function" ? await model() : { bytes: model };
      const options = sessionOptions({ ...settings, externalData: { ...settings.externalData, ...externalData } });
      return onGpu ? this.#createOnGpu(bytes, options) : this.#create(bytes, options);
    };
    const session = await create();
    const id = ++this.#lastId;
    const ports = { inputs: portsOf(session.inputMetadata), outputs: portsOf(session.outputMetadata) };
    this.#sessions.set(id, { session, ...ports, failed: false, renew: onGpu && !this.#features.forgetsFailedRuns ? create : undefined });
    return { session: id, ...ports };
  }

  /**
   * Where outputs go is fixed when a session is created, and only a session tells their names and types. With downloads all floats
   * stay on the GPU: an output that turns out too large for it then fails its run alone, not the library; what is fetched is less.
   */
  async #createOnGpu(model: string | Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
    const first = await this.#create(model, this.#features.downloads ? { ...options, preferredOutputLocation: "gpu-buffer" } : options);
    const floats = first.outputMetadata.filter((value) => value.isTensor && /^float(16|32)$/.test(value.type));
    const onGpu = this.#features.downloads ? floats : floats.filter(isCache);
    if (onGpu.length === (this.#features.downloads ? first.outputMetadata.length : 0)) return first;
    await first.release();
    return this.#create(model, { ...options, preferredOutputLocation: Object.fromEntries(onGpu.map(({ name }) => [name, "gpu-buffer"])) });
  }

  #create(model: string | Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
    const { InferenceSession } = this.#ort;
    return typeof model === "string" ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
  }

  async #run(operation: Extract<Operation, { kind: "run" }>): Promise<Answers["run"]> {
    const { inputs, outputs } = await this.#usable(operation.session);
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(operation.feeds)) {
      const wanted = inputs.find((port) => port.name === name)?.type;
      feeds[name] = "resident" in tensor ? this.#resident(tensor.resident).tensor : toOrtTensor(this.#ort, tensor, wanted);
    }
    const results = await this.#runSession(this.#session(operation.session), feeds);
    const answer: Record<string, OnnxTensor | ResidentTensor> = {};
    const kept: [name: string, tensor: Tensor][] = [];
    try {
      for (const { name } of outputs) {
        let tensor = results[name] as Tensor;
        const last = operation.lastPosition.includes(name);
        const keep = operation.keep.includes(name);
        if (last) tensor = this.#gpu.takes(tensor) ? await this.#gpu.lastPosition(tensor, name) : lastPosition(this.#ort, tensor, name);
        else if (!keep) tensor = await this.#inMemory(tensor);
        if (keep) kept.push([name, tensor]);
        else answer[name] = this.#given(fromOrtTensor(tensor), operation.pooled?.outputs.includes(name) === true ? operation.pooled : undefined);
      }
    } catch (error) {
      // Nobody gets to know them: without this they would fill the GPU, and the smaller batch that comes next would fail as well.
      for (const tensor of [...Object.values(results), ...kept.map(([, tensor]) => tensor)]) dispose(tensor);
      throw error;
    }
    for (const [name, tensor] of kept) answer[name] = this.#hold(tensor, operation.session);
    return answer;
  }

  /** What is wanted of an output. */
  #given(tensor: OnnxTensor, pooled: PooledOutputs | undefined): OnnxTensor {
    if (pooled === undefined || tensor.shape.length !== 3) return tensor;
    this.#leftBytes += (tensor.data as TypedArray).byteLength;
    return poolPositions(tensor, pooled);
  }

  /** @throws when it was disposed */
  async #usable(id: number): Promise<Session> {
    const session = this.#session(id);
    if (!session.failed || session.renew === undefined) return session;
    // A tensor that outlives the session it came from takes the library down when it is freed.
    this.#freeOwned(id);
    await session.session.release().catch(() => {});
    session.session = await session.renew();
    session.failed = false;
    return session;
  }

  async #runSession(session: Session, feeds: Record<string, Tensor>): Promise<InferenceSession.ReturnType> {
    session.failed = true;
    const results = await session.session.run(feeds, session.outputs.map((port) => port.name), { logSeverityLevel: 4 });
    session.failed = false;
    return results;
  }

  async #gather(operation: Extract<Operation, { kind: "gather" }>): Promise<Answers["gather"]> {
    const gathered: Tensor[] = [];
    try {
      for (const id of operation.tensors) gathered.push(await this.#gatherOne(this.#resident(id).tensor, operation.rows));
    } catch (error) {
      gathered.forEach(dispose);
      throw error;
    }
    this.#free(operation.tensors);
    return gathered.map((tensor) => this.#hold(tensor, operation.session));
  }

  async #gatherOne(tensor: Tensor, rows: readonly number[]): Promise<Tensor> {
    const count = tensor.dims[0] ?? 0;
    const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= count);
    if (wrong !== undefined) throw new Error(`There is no row ${wrong} in a resident tensor of ${count} rows`);
    return this.#gpu.takes(tensor) ? this.#gpu.rows(tensor, rows, "gpu-buffer") : gatherRows(this.#ort, tensor, rows);
  }

  async #inMemory(tensor: Tensor): Promise<Tensor> {
    if (tensor.location !== "gpu-buffer") return tensor;
    if (!this.#features.downloads) return this.#gpu.download(tensor);
    await tensor.getData(true);
    return tensor;
  }

  #free(tensors: readonly number[]): undefined {
    for (const id of tensors) {
      this.#residents.get(id)?.tensor.dispose();
      this.#residents.delete(id);
    }
  }

  #freeOwned(id: number): void {
    this.#free([...this.#residents].filter(([, resident]) => resident.owner === id).map(([resident]) => resident));
  }

  async #release(id: number): Promise<undefined> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    this.#freeOwned(id);
    await session?.session.release();
  }

  #hold(tensor: Tensor, owner: number): ResidentTensor {
    const resident = ++this.#lastId;
    this.#residents.set(resident, { tensor, owner });
    return { resident, shape: tensor.dims };
  }

  #session(id: number): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error("The session was disposed");
    return session;
  }

  #resident(id: number): Resident {
    const resident = this.#residents.get(id);
    if (resident === undefined) throw new Error(`The resident tensor ${id} was freed, gathered from, or belongs to another actor`);
    return resident;
  }
}

function sessionOptions(settings: SessionSettings): InferenceSession.SessionOptions {
  const externalData = Object.entries(settings.externalData ?? {}).map(([path, data]) => ({ path, data }));
  return {
    executionProviders: [...settings.executionProviders],
    intraOpNumThreads: settings.intraOpThreads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    // Everything it would print is in the errors it throws.
    logSeverityLevel: 4,
    // Spinning threads burn the cores that reading and preprocessing want. Measured, 2 threads on 2 cores (resnet8): 17 % less without
    // it on a quiet machine, 3.7 times as much beside one busy thread.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    ...(externalData.length === 0 ? {} : { externalData }),
  };
}

/** Frees it, unless that was done: the library throws the second time. */
function dispose(tensor: Tensor): void {
  if (tensor.location !== "none") tensor.dispose();
}

/** The keys and values that generating models give to feed back, by the name that every exporter gives them. */
function isCache({ name }: InferenceSession.ValueMetadata): boolean {
  return name.startsWith("present");
}
