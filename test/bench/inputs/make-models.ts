import { OnnxFile } from "./onnx-file.ts";
import { normals, random } from "./random.ts";

const width = 384;
const heads = 12;
const inner = 4 * width;
const layers = 4;

/** A BERT-shaped encoder with random weights: 4 layers of 384, 12 heads; it gives `last_hidden_state`. */
export function encoderModel(vocabulary: number, positions = 512): Uint8Array {
  const file = new OnnxFile();
  const next = random(7);
  const weight = (name: string, ...shape: number[]): string => file.floats(name, shape, normals(shape.reduce((a, b) => a * b, 1), 0.02, next));
  const filled = (name: string, length: number, value: number): string => file.floats(name, [length], new Float32Array(length).fill(value));
  const scalar = (name: string, value: number): string => file.floats(name, [], Float32Array.of(value));
  const node = file.node.bind(file);
  const linear = (x: string, from: number, to: number, name: string): string => node("Add", [node("MatMul", [x, weight(`${name}.w`, from, to)], `${name}.m`), filled(`${name}.b`, to, 0)], name);
  const layerNorm = (x: string, name: string): string => node("LayerNormalization", [x, filled(`${name}.g`, width, 1), filled(`${name}.z`, width, 0)], name, { axis: -1, epsilon: { float: 1e-12 } });

  node("Gather", [weight("words", vocabulary, width), "input_ids"], "word");
  node("Shape", ["input_ids"], "shape");
  node("Gather", ["shape", file.integers("one", [], [1])], "length", { axis: 0 });
  node("Range", [file.integers("zero", [], [0]), "length", file.integers("step", [], [1])], "range");
  node("Gather", [weight("positions", positions, width), "range"], "position");
  node("Cast", ["attention_mask"], "mask", { to: 1 });
  node("Unsqueeze", ["mask", file.integers("axes", [2], [1, 2])], "mask4");
  node("Mul", [node("Sub", [scalar("unit", 1), "mask4"], "absent"), scalar("minus", -10_000)], "bias");
  file.integers("split", [4], [0, 0, heads, width / heads]);
  file.integers("merge", [3], [0, 0, width]);
  scalar("scale", (width / heads) ** -0.5);
  scalar("root2", Math.SQRT2);
  scalar("half", 0.5);
  let x = layerNorm(node("Add", ["word", "position"], "embedded"), "norm");
  for (let layer = 0; layer < layers; layer++) {
    const p = `l${layer}`;
    const turned = (name: string, perm: number[]): string => node("Transpose", [node("Reshape", [linear(x, width, width, `${p}.${name}`), "split"], `${p}.${name}.r`)], `${p}.${name}.t`, { perm });
    const [query, key, value] = [turned("q", [0, 2, 1, 3]), turned("k", [0, 2, 3, 1]), turned("v", [0, 2, 1, 3])];
    const scores = node("Add", [node("Mul", [node("MatMul", [query, key], `${p}.qk`), "scale"], `${p}.scaled`), "bias"], `${p}.scores`);
    const mixed = node("MatMul", [node("Softmax", [scores], `${p}.softmax`, { axis: -1 }), value], `${p}.mixed`);
    const attended = node("Reshape", [node("Transpose", [mixed], `${p}.back`, { perm: [0, 2, 1, 3] }), "merge"], `${p}.merged`);
    x = layerNorm(node("Add", [x, linear(attended, width, width, `${p}.o`)], `${p}.sum1`), `${p}.norm1`);
    const wide = linear(x, width, inner, `${p}.f1`);
    const erf = node("Erf", [node("Div", [wide, "root2"], `${p}.div`)], `${p}.erf`);
    const gelu = node("Mul", [node("Mul", [wide, "half"], `${p}.half`), node("Add", [erf, "unit"], `${p}.erf1`)], `${p}.gelu`);
    x = layerNorm(node("Add", [x, linear(gelu, inner, width, `${p}.f2`)], `${p}.sum2`), `${p}.norm2`);
  }
  node("Identity", [x], "last_hidden_state");
  const tokens = { type: "int64", shape: ["rows", "tokens"] } as const;
  return file.encode({ input_ids: tokens, attention_mask: tokens }, { last_hidden_state: { type: "float32", shape: ["rows", "tokens", width] } });
}

/** A small residual network over 3 × 32 × 32 pixels with random weights, 10 classes: as large as ResNet-8 for CIFAR-10. */
export function imageModel(): Uint8Array {
  const file = new OnnxFile();
  const next = random(8);
  const convolution = (x: string, from: number, to: number, name: string, size: number, stride: number): string => {
    const weights = file.floats(`${name}.w`, [to, from, size, size], normals(to * from * size * size, Math.sqrt(2 / (from * size * size)), next));
    const pad = size >> 1;
    return file.node("Conv", [x, weights], name, { kernel_shape: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad] });
  };
  const relu = (x: string): string => file.node("Relu", [x], `${x}.relu`);
  let x = relu(convolution("pixel_values", 3, 16, "stem", 3, 1));
  let channels = 16;
  for (const [stack, to] of [16, 32, 64].entries()) {
    const stride = stack === 0 ? 1 : 2;
    const inner = convolution(relu(convolution(x, channels, to, `s${stack}.a`, 3, stride)), to, to, `s${stack}.b`, 3, 1);
    const short = stack === 0 ? x : convolution(x, channels, to, `s${stack}.short`, 1, stride);
    x = relu(file.node("Add", [inner, short], `s${stack}.sum`));
    channels = to;
  }
  const pooled = file.node("Flatten", [file.node("GlobalAveragePool", [x], "pooled")], "flat", { axis: 1 });
  file.node("Gemm", [pooled, file.floats("head.w", [64, 10], normals(640, 0.1, next)), file.floats("head.b", [10], new Float32Array(10))], "logits");
  return file.encode({ pixel_values: { type: "float32", shape: ["rows", 3, 32, 32] } }, { logits: { type: "float32", shape: ["rows", 10] } });
}
