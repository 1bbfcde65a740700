import {
  allocate, createBlock, formatPorts, formatShape, requireColumn, ShoalError,
  type ActorContext, type Backend, type Block, type Column, type DeclarativePredictorSpec, type OnnxPort, type OnnxSession, type OnnxTensor,
  type Predictor, type TypedArray,
} from "@shoal/core";
import { sliceTensor, tensorFromColumn, type Target } from "./column-tensors.ts";
import { runSequence, zeroState } from "./onnx-sequence.ts";
import type { OnnxConstant, OnnxSpecOptions } from "./onnx.ts";
import { columnFromTensors, outputColumnType, wholeColumnType } from "./tensor-columns.ts";

/** Loads the specs of {@link onnx} through the actor's own ONNX runtime, whichever that is. */
export function onnxBackend(): Backend {
  return { name: "onnx", load };
}

async function load(spec: DeclarativePredictorSpec, actor: ActorContext): Promise<Predictor> {
  const options = spec.options as unknown as OnnxSpecOptions;
  const session = await actor.onnx(spec.model, options.intraOpThreads === undefined ? {} : { intraOpThreads: options.intraOpThreads });
  try {
    const step = bind(spec.name, options, session);
    const predict = options.sequence === undefined ? predictBatch : predictSequences;
    return { rows: "same", stateful: false, overlaps: options.sequence === undefined, predict: (batch, signal) => predict(step, batch, signal), dispose: async () => session[Symbol.asyncDispose]() };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** A definition joined with the model it is for. */
interface BoundStep {
  readonly name: string;
  readonly session: OnnxSession;
  readonly options: OnnxSpecOptions;
  readonly inputs: readonly Target[];
  readonly outputs: readonly { readonly column: string; readonly port: OnnxPort }[];
  readonly constants: Readonly<Record<string, OnnxTensor>>;
  /** Rows that the model takes at once where that is fixed. */
  readonly fixedRows: number | undefined;
}

/** @throws `bad-option` when the names in the definition are not the model's, or leave an input without a value. */
function bind(name: string, options: OnnxSpecOptions, session: OnnxSession): BoundStep {
  const find = (ports: readonly OnnxPort[], side: "input" | "output", wanted: string): OnnxPort => {
    const port = ports.find((candidate) => candidate.name === wanted);
    if (port !== undefined) return port;
    throw new ShoalError("bad-option", `${name}: the model has no ${side} "${wanted}"; its ${side}s are ${formatPorts(ports)}.`, { hint: `Name one of these in ${side}s.`, failure: "bug" });
  };
  const inputs = Object.entries(options.inputs).map(([input, column]) => ({ port: find(session.inputs, "input", input), column, model: name }));
  const outputs = Object.entries(options.outputs).map(([column, output]) => ({ column, port: find(session.outputs, "output", output) }));
  const states = Object.entries(options.sequence?.state ?? {}).map(([input, output]) => {
    find(session.outputs, "output", output);
    return find(session.inputs, "input", input);
  });
  const constants: Record<string, OnnxTensor> = {};
  for (const port of states) if (!(port.name in (options.constants ?? {}))) constants[port.name] = zeroState(port, name);
  for (const [input, constant] of Object.entries(options.constants ?? {})) {
    find(session.inputs, "input", input);
    constants[input] = constantTensor(constant);
  }
  const unfed = session.inputs.filter((port) => !(port.name in options.inputs) && !(port.name in constants));
  if (unfed.length > 0) {
    throw new ShoalError("bad-option", `${name}: the model also wants ${formatPorts(unfed)}.`, { hint: "Name a column for it in inputs, or give it in constants.", failure: "bug" });
  }
  const fixed = inputs.map(({ port }) => port.shape[0]).filter((size): size is number => typeof size === "number" && size > 0);
  return { name, session, options, inputs, outputs, constants, fixedRows: fixed[0] };
}

function constantTensor({ type, data, shape }: OnnxConstant): OnnxTensor {
  if (type === "utf8") return { type, shape, data: data.map(String) };
  const numbers = allocate(type, data.length);
  data.forEach((value, at) => (numbers[at] = (type === "int64" || type === "uint64" ? BigInt(value) : Number(value)) as never));
  return { type, shape, data: numbers };
}

async function predictBatch(step: BoundStep, batch: Block, signal: AbortSignal): Promise<Block> {
  const { session, inputs, outputs, fixedRows } = step;
  const feeds = Object.fromEntries(inputs.map((target) => [target.port.name, tensorFromColumn(requireColumn(batch, target.column), target)]));
  const perRun = fixedRows ?? Math.max(batch.rows, 1);
  const runs: Record<string, OnnxTensor>[] = [];
  for (let start = 0; start < batch.rows; start += perRun) {
    signal.throwIfAborted();
    const rows = Math.min(perRun, batch.rows - start);
    const part = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, filled(sliceTensor(tensor, start, start + rows), fixedRows)]));
    const results = await session.run({ ...step.constants, ...part });
    runs.push(Object.fromEntries(outputs.map(({ port }) => [port.name, rowsOfOutput(step, port, results[port.name] as OnnxTensor, rows)])));
  }
  const columns = outputs.map(({ column, port }): [string, Column] => {
    const type = hasRows(step, port) ? outputColumnType(port) : wholeColumnType(port);
    return [column, columnFromTensors(runs.map((run) => run[port.name] as OnnxTensor), type)];
  });
  return createBlock(Object.fromEntries(columns), batch.lineage, batch.rows);
}

/** The last group of a model that takes a fixed number of rows: its last row again, until it is full. */
function filled(tensor: OnnxTensor, rows: number | undefined): OnnxTensor {
  const [have = 0] = tensor.shape;
  if (rows === undefined || have >= rows) return tensor;
  const parts = [tensor, ...Array.from({ length: rows - have }, () => sliceTensor(tensor, have - 1, have))];
  const { values } = columnFromTensors(parts, { kind: "json" });
  return { type: tensor.type, shape: [rows, ...tensor.shape.slice(1)], data: values as OnnxTensor["data"] };
}

/** A model for one row at a time may give outputs without a row axis, as boxes of shape [found, 6]: the whole is the row's value then. */
function hasRows({ fixedRows }: BoundStep, port: OnnxPort): boolean {
  return fixedRows !== 1 || port.shape[0] === 1;
}

/** @throws `wrong-result` when an output has not one entry a row. */
function rowsOfOutput(step: BoundStep, port: OnnxPort, tensor: OnnxTensor, rows: number): OnnxTensor {
  if (!hasRows(step, port)) return { ...tensor, shape: [1, ...tensor.shape] };
  const expected = step.fixedRows ?? rows;
  if (tensor.shape[0] === expected) return expected === rows ? tensor : sliceTensor(tensor, 0, rows);
  throw new ShoalError("wrong-result", `${step.name}: output "${port.name}" has shape ${formatShape(tensor.shape)} for ${rows} rows.`, {
    hint: "Its first axis must count the rows. Leave this output out, or write a predictor of your own with definePredictor.", failure: "bug",
  });
}

async function predictSequences(step: BoundStep, batch: Block, signal: AbortSignal): Promise<Block> {
  const { session, inputs, outputs, options, constants } = step;
  const sequence = options.sequence as NonNullable<OnnxSpecOptions["sequence"]>;
  const target = inputs.find(({ port }) => port.name === sequence.input) as Target;
  const lists = listRows(requireColumn(batch, target.column), target);
  const others = inputs.filter((other) => other !== target).map((other): [string, OnnxTensor] => [other.port.name, tensorFromColumn(requireColumn(batch, other.column), other)]);
  const names = [...new Set(outputs.map(({ port }) => port.name))];
  const rows: Record<string, TypedArray | readonly string[]>[] = [];
  for (const [row, list] of lists.entries()) {
    const own = Object.fromEntries(others.map(([name, tensor]) => [name, sliceTensor(tensor, row, row + 1)]));
    rows.push(await runSequence(session, sequence, list, { ...constants, ...own }, names, { ...target }, signal));
  }
  const columns = outputs.map(({ column, port }): [string, Column] => {
    const element = port.type === "float16" ? "float32" : port.type === "bool" ? "uint8" : port.type;
    return [column, { type: { kind: "list", element }, length: batch.rows, values: rows.map((row) => row[port.name]) }];
  });
  return createBlock(Object.fromEntries(columns), batch.lineage, batch.rows);
}

/** @throws `wrong-input` when the column holds no lists of numbers, or a row has none. */
function listRows(column: Column, { column: name, model, port }: Target): readonly ArrayLike<number>[] {
  const { type } = column;
  if (type.kind === "tensor") return Array.from({ length: column.length }, (_, row) => sliceTensor({ type: type.element, shape: [column.length, ...type.shape], data: column.values as TypedArray }, row, row + 1).data as unknown as ArrayLike<number>);
  if (type.kind !== "list" || type.element === "utf8") {
    throw new ShoalError("wrong-input", `${model}: column "${name}" must hold a list of numbers a row for input "${port.name}"; it is ${type.kind}.`, { hint: "Make it a list in a step before this one, or take the column out of sequence.", failure: "bug", details: { column: name } });
  }
  const lists = column.values as readonly (ArrayLike<number> | null)[];
  const missing = lists.findIndex((list) => list === null);
  if (missing >= 0) throw new ShoalError("missing-value", `${model}: row ${missing} has no value in column "${name}".`, { hint: "Filter such rows out before this step, or fill them in.", failure: "row", details: { row: missing, column: name } });
  return lists as readonly ArrayLike<number>[];
}
