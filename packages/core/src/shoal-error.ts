/**
 * How a failure is treated (law 7). `row`: the input of some rows is bad. `oom`: a smaller batch may pass.
 * `device-lost`, `worker-lost`, `timeout`: the same block may pass on a new actor. `bug`: no retry will help.
 * `aborted`: somebody asked for the end.
 */
export type FailureClass = "row" | "oom" | "device-lost" | "worker-lost" | "timeout" | "bug" | "aborted";

/** What an error carries beside code and message. */
export interface ShoalErrorFields {
  /** What to do next, as one imperative sentence. Printed after the message. */
  readonly hint?: string;
  readonly failure?: FailureClass;
  readonly cause?: unknown;
  /** Anything a program may want to read: paths, positions, counts. JSON only. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A {@link ShoalError} as data: what crosses threads, processes and the wire. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly failure?: FailureClass;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

const marker = Symbol.for("shoal.error");

/**
 * A message to a person: what happened, to which rows, why, and what to do next; with a stable `code` for programs.
 * Use {@link ShoalError.is} rather than `instanceof`: it also holds across copies of this package.
 */
export class ShoalError extends Error {
  override readonly name = "ShoalError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly failure: FailureClass | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly [marker] = true;

  constructor(code: string, message: string, fields: ShoalErrorFields = {}) {
    super(fields.hint === undefined ? message : `${message}\n  → ${fields.hint}`, "cause" in fields ? { cause: fields.cause } : {});
    this.code = code;
    this.hint = fields.hint;
    this.failure = fields.failure;
    this.details = fields.details;
  }

  static is(value: unknown, code?: string): value is ShoalError {
    try {
      return typeof value === "object" && value !== null && marker in value && (code === undefined || (value as ShoalError).code === code);
    } catch {
      // A proxy may answer any question by throwing.
      return false;
    }
  }

  /** Anything thrown, as a ShoalError; one that already is comes back as it is. What can't even be read, as its getters throw, too. */
  static from(value: unknown, code = "unexpected"): ShoalError {
    try {
      return ShoalError.#read(value, code);
    } catch {
      return new ShoalError(code, "Something was thrown that can't be read: asked for its words, it throws again.", { hint: "Throw an Error with a plain message." });
    }
  }

  static #read(value: unknown, code: string): ShoalError {
    if (ShoalError.is(value)) return value;
    if (value instanceof Error) {
      const named = typeof (value as { code?: unknown }).code === "string" ? (value as unknown as { code: string }).code : code;
      const error = new ShoalError(value.name === "AbortError" ? "aborted" : named, value.message || value.name, { cause: value });
      if (value.stack !== undefined) error.stack = value.stack;
      return error;
    }
    return new ShoalError(code, String(value), { cause: value });
  }

  toData(): ErrorData {
    const cause = causeData(wraps(this) ? readable(() => (this.cause as { cause?: unknown } | undefined)?.cause) : this.cause);
    const base = this.hint === undefined ? this.message : this.message.slice(0, this.message.length - this.hint.length - "\n  → ".length);
    return {
      code: this.code,
      message: base,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.failure === undefined ? {} : { failure: this.failure }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.stack === undefined ? {} : { stack: this.stack }),
      ...(cause === undefined ? {} : { cause }),
    };
  }

  /** As data for those who did not write the code: without stacks, its own and those of its causes. */
  toPublicData(): ErrorData {
    return withoutStacks(this.toData());
  }

  static fromData(data: ErrorData): ShoalError {
    const error = new ShoalError(data.code, data.message, {
      ...(data.hint === undefined ? {} : { hint: data.hint }),
      ...(data.failure === undefined ? {} : { failure: data.failure }),
      ...(data.details === undefined ? {} : { details: data.details }),
      ...(data.cause === undefined ? {} : { cause: ShoalError.fromData(data.cause) }),
    });
    if (data.stack !== undefined) error.stack = data.stack;
    return error;
  }
}

function withoutStacks(whole: ErrorData): ErrorData {
  const { stack: _, cause, ...data } = whole;
  return { ...data, ...(cause === undefined ? {} : { cause: withoutStacks(cause) }) };
}

/** True for what {@link ShoalError.from} makes of something thrown: the same words, with the original behind it. */
function wraps(error: ShoalError): boolean {
  return readable(() => (error.cause instanceof Error ? error.cause.stack === error.stack : String(error.cause) === error.message)) ?? false;
}

const deepest = 16;

function causeData(cause: unknown, depth = 0): ErrorData | undefined {
  if (cause === undefined || cause === null || depth === deepest) return undefined;
  if (ShoalError.is(cause)) return cause.toData();
  const { code, message, stack } = ShoalError.from(cause);
  const next = causeData(readable(() => (cause instanceof Error ? cause.cause : undefined)), depth + 1);
  return { code, message, ...(stack === undefined ? {} : { stack }), ...(next === undefined ? {} : { cause: next }) };
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const outOfMemory =
  /out of memory|\boom\b|bad_alloc|failed to allocate|allocation failed|exceeds the max buffer size|greater than the maximum buffer size|array buffer allocation|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED/i;
const deviceLost = /device (is |was )?lost|device was destroyed|lost the device|GPUDevice.*destroyed|map_async.*(abort|fail)/i;

/** The class of any error: its own word when it has one, otherwise judged by the wording of known runtimes. */
export function failureClass(error: unknown): FailureClass {
  // What can't be read was thrown about data like anything else.
  return readable(() => classOf(error)) ?? "row";
}

function classOf(error: unknown): FailureClass {
  if (ShoalError.is(error)) {
    if (error.failure !== undefined) return error.failure;
    if (error.code === "aborted") return "aborted";
  }
  if (error instanceof Error && error.name === "AbortError") return "aborted";
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (outOfMemory.test(message)) return "oom";
  if (deviceLost.test(message)) return "device-lost";
  // Anything a predictor throws about data is blamed on rows until bisecting shows otherwise.
  return "row";
}
