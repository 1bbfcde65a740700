/** What an attribute of a node may be. */
type Attribute = number | string | readonly number[] | { readonly float: number };

/** Writes an ONNX file: just enough of the protocol buffer for small models with given weights. */
export class OnnxFile {
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];

  /** A node with one output, whose name it gives back. */
  node(op: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}): string {
    const parts = [...inputs.map((name) => text(1, name)), text(2, output), text(3, output), text(4, op)];
    for (const [name, value] of Object.entries(attributes)) parts.push(message(5, attribute(name, value)));
    this.#nodes.push(message(1, ...parts));
    return output;
  }

  floats(name: string, shape: readonly number[], values: Float32Array): string {
    return this.#weight(name, shape, 1, values);
  }

  integers(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.#weight(name, shape, 7, BigInt64Array.from(values, BigInt));
  }

  #weight(name: string, shape: readonly number[], type: number, values: Float32Array | BigInt64Array): string {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#weights.push(message(5, ...shape.map((size) => integer(1, size)), integer(2, type), text(8, name), bytes(9, raw)));
    return name;
  }

  /** @param inputs and outputs: name → element type and shape; a dimension given by name is free. */
  encode(inputs: Ports, outputs: Ports): Uint8Array {
    const ports = (field: number, all: Ports): Uint8Array[] => Object.entries(all).map(([name, port]) => message(field, text(1, name), message(2, tensorType(port))));
    const graph = message(7, ...this.#nodes, text(2, "graph"), ...this.#weights, ...ports(11, inputs), ...ports(12, outputs));
    return join([integer(1, 8), text(2, "shoal-bench"), message(8, text(1, ""), integer(2, 17)), graph]);
  }
}

type Ports = Readonly<Record<string, { readonly type: "float32" | "int64"; readonly shape: readonly (number | string)[] }>>;

function tensorType({ type, shape }: Ports[string]): Uint8Array {
  const dimensions = shape.map((size) => message(1, typeof size === "number" ? integer(1, size) : text(2, size)));
  return message(1, integer(1, type === "float32" ? 1 : 7), message(2, ...dimensions));
}

function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") return join([text(1, name), integer(3, value), integer(20, 2)]);
  if (typeof value === "string") return join([text(1, name), text(4, value), integer(20, 3)]);
  if ("float" in value) return join([text(1, name), float(2, value.float), integer(20, 1)]);
  return join([text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)]);
}

// --- protocol buffers ---

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return out;
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function float(field: number, value: number): Uint8Array {
  return join([Uint8Array.from(varint((field << 3) | 5)), new Uint8Array(Float32Array.of(value).buffer)]);
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varint((field << 3) | 2), ...varint(value.byteLength)]), value]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return bytes(field, join(parts));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
