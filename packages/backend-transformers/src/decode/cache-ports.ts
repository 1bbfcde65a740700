import { ShoalError, type JsonObject, type OnnxPort, type OnnxSession, type OnnxTensor } from "@shoal/core";

/** One tensor of the key-value cache: the input it is read from and the output it is written to. */
export interface CachePort {
  readonly input: string;
  readonly output: string;
  /** Before the first token: no positions. */
  readonly empty: (rows: number) => OnnxTensor;
}

/**
 * The key-value cache of a causal graph, by its ports' names: `past_key_values.3.key` is written as `present.3.key`.
 * @throws `unsupported-model` where a cache input has no output, or its sizes are said neither by the graph nor by config.json.
 */
export function findCachePorts(session: Pick<OnnxSession, "inputs" | "outputs">, config: JsonObject, who: string): CachePort[] {
  const outputs = new Set(session.outputs.map((port) => port.name));
  return session.inputs.filter((port) => /^past(_key_values)?\./.test(port.name)).map((port) => {
    const output = ["present.", "present_key_values."].map((prefix) => prefix + port.name.replace(/^past(_key_values)?\./, "")).find((name) => outputs.has(name));
    if (output === undefined) throw unsupported(who, `its graph reads "${port.name}" and writes no output of that cache`);
    const [heads, width] = cacheSizes(port, config, who);
    return { input: port.name, output, empty: (rows) => ({ type: "float32", shape: [rows, heads, 0, width], data: new Float32Array(0) }) };
  });
}

function cacheSizes(port: OnnxPort, config: JsonObject, who: string): [heads: number, width: number] {
  if (port.shape.length !== 4) throw unsupported(who, `its cache input "${port.name}" has ${port.shape.length} axes instead of rows, heads, positions and width`);
  const queryHeads = firstNumber(config, ["num_attention_heads", "n_head", "num_heads"]);
  const hidden = firstNumber(config, ["hidden_size", "n_embd", "d_model"]);
  const heads = fixed(port.shape[1]) ?? firstNumber(config, ["num_key_value_heads"]) ?? queryHeads;
  const width = fixed(port.shape[3]) ?? firstNumber(config, ["head_dim"]) ?? (hidden === undefined || queryHeads === undefined ? undefined : hidden / queryHeads);
  if (heads === undefined || width === undefined) throw unsupported(who, `neither its graph nor config.json says how many heads "${port.name}" has and how wide they are`);
  return [heads, width];
}

function fixed(size: number | string | undefined): number | undefined {
  return typeof size === "number" && size > 0 ? size : undefined;
}

/** The first of these entries that is a number. */
export function firstNumber(config: JsonObject, names: readonly string[]): number | undefined {
  return names.map((name) => config[name]).find((value) => typeof value === "number");
}

export function unsupported(who: string, why: string): ShoalError {
  return new ShoalError("unsupported-model", `${who}: this model can't be run, because ${why}.`, { failure: "bug", hint: "Choose a text-generation model exported to ONNX with its key-value cache (optimum: task text-generation-with-past)." });
}
