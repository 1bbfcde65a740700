import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { OnnxPort, OnnxTensor, ResidentTensor } from "@shoal/core";
import { GpuGather } from "./gpu-gather.ts";
import { fromOrtTensor, gatherRows, lastPosition, portsOf, toOrtTensor, type Ort } from "./ort-tensors.ts";
import type { Answers, Operation, SessionSettings } from "./operations.ts";

interface Session {
  readonly session: InferenceSession;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

interface Resident {
  readonly tensor: Tensor;
  readonly owner: number;
}

/**
 * The sessions of one actor and the tensors that stay with them; a tensor of one session may feed another. Asks the library for one
 * thing at a time as long as its caller does: it has no queue.
 */
export class OrtSessions implements AsyncDisposable {
  readonly #ort: Ort;
  readonly #gpu: GpuGather;
  readonly #sessions = new Map<number, Session>();
  readonly #residents = new Map<number, Resident>();
  #lastId = 0;

  constructor(ort: Ort) {
    this.#ort = ort;
    this.#gpu = new GpuGather(ort);
  }

  /** Releases all that is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.keys()) await this.#release(session);
    await this.#gpu[Symbol.asyncDispose]();
  }

  perform<K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> {
    return this.#perform(operation) as Promise<Answers[K]>;
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

  async #load(model: string | Uint8Array, settings: SessionSettings): Promise<Answers["load"]> {
    const options = sessionOptions(settings);
    let session = await this.#create(model, options);
    const onGpu = settings.executionProviders.includes("webgpu") ? cacheOutputs(session) : {};
    if (Object.keys(onGpu).length > 0) {
      // Where outputs go is fixed at creation, and only the first session tells their names and types.
      await session.release();
      session = await this.#create(model, { ...options, preferredOutputLocation: onGpu });
    }
    const id = ++this.#lastId;
    const ports = { inputs: portsOf(session.inputMetadata), outputs: portsOf(session.outputMetadata) };
    this.#sessions.set(id, { session, ...ports });
    return { session: id, ...ports };
  }

  #create(model: string | Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
    const { InferenceSession } = this.#ort;
    return typeof model === "string" ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
  }

  async #run(operation: Extract<Operation, { kind: "run" }>): Promise<Answers["run"]> {
    const { session, inputs, outputs } = this.#session(operation.session);
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(operation.feeds)) {
      const wanted = inputs.find((port) => port.name === name)?.type;
      feeds[name] = "resident" in tensor ? this.#resident(tensor.resident).tensor : toOrtTensor(this.#ort, tensor, wanted);
    }
    const results = await session.run(feeds, outputs.map((port) => port.name), { logSeverityLevel: 4 });
    const answer: Record<string, OnnxTensor | ResidentTensor> = {};
    for (const { name } of outputs) {
      let tensor = results[name] as Tensor;
      const last = operation.lastPosition.includes(name);
      const keep = operation.keep.includes(name);
      if (tensor.location === "gpu-buffer" && (last || !keep)) tensor = await this.#gpu.download(tensor);
      if (last) tensor = lastPosition(this.#ort, tensor, name);
      answer[name] = keep ? this.#hold(tensor, operation.session) : fromOrtTensor(tensor);
    }
    return answer;
  }

  async #gather(operation: Extract<Operation, { kind: "gather" }>): Promise<Answers["gather"]> {
    const gathered: Tensor[] = [];
    for (const id of operation.tensors) gathered.push(await this.#gatherOne(this.#resident(id).tensor, operation.rows));
    this.#free(operation.tensors);
    return gathered.map((tensor) => this.#hold(tensor, operation.session));
  }

  async #gatherOne(tensor: Tensor, rows: readonly number[]): Promise<Tensor> {
    const count = tensor.dims[0] ?? 0;
    const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= count);
    if (wrong !== undefined) throw new Error(`There is no row ${wrong} in a resident tensor of ${count} rows`);
    return tensor.location === "gpu-buffer" ? this.#gpu.gather(tensor, rows, "gpu-buffer") : gatherRows(this.#ort, tensor, rows);
  }

  #free(tensors: readonly number[]): undefined {
    for (const id of tensors) {
      this.#residents.get(id)?.tensor.dispose();
      this.#residents.delete(id);
    }
  }

  async #release(id: number): Promise<undefined> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    this.#free([...this.#residents].filter(([, resident]) => resident.owner === id).map(([resident]) => resident));
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
  const externalData = Object.entries(settings.externalData).map(([path, data]) => ({ path, data }));
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

/** The keys and values that generating models give to feed back, by the name that every exporter gives them: they stay on the GPU. */
function cacheOutputs(session: InferenceSession): Record<string, "gpu-buffer"> {
  const caches = session.outputMetadata.filter((value) => value.isTensor && value.name.startsWith("present") && /^float(16|32)$/.test(value.type));
  return Object.fromEntries(caches.map((value) => [value.name, "gpu-buffer" as const]));
}
