import { formatPorts, formatShape, isResident, ShoalError, type OnnxFeeds, type OnnxPort } from "@shoal/core";

/**
 * What a model is given must be what it takes, before anything crosses to it.
 * @throws `wrong-input` naming the input, what was expected and what was got.
 */
export function checkFeeds(feeds: OnnxFeeds, inputs: readonly OnnxPort[], model: string): void {
  const wrong = (what: string, failure: "bug" | "row"): ShoalError =>
    new ShoalError("wrong-input", `${model}: ${what}. It takes ${formatPorts(inputs)}.`, { failure, details: { model }, hint: "Give every input a tensor of its type and shape." });
  const missing = inputs.filter((port) => !(port.name in feeds));
  if (missing.length > 0) throw wrong(`there is nothing for input ${missing.map((port) => `"${port.name}"`).join(", ")}`, "bug");
  for (const [name, tensor] of Object.entries(feeds)) {
    const port = inputs.find((candidate) => candidate.name === name);
    if (port === undefined) throw wrong(`it has no input "${name}"`, "bug");
    if (!fits(tensor.shape, port.shape)) throw wrong(`input "${name}" got shape ${formatShape(tensor.shape)}`, "row");
    if (isResident(tensor)) continue;
    if (tensor.type !== (port.type === "float16" ? "float32" : port.type)) throw wrong(`input "${name}" got ${tensor.type}`, "bug");
    const expected = tensor.shape.reduce((product, size) => product * size, 1);
    if (tensor.data.length !== expected) throw wrong(`input "${name}" got ${tensor.data.length} values for shape ${formatShape(tensor.shape)}`, "bug");
  }
}

/** A shape of no dimensions also stands for one of unknown rank. */
function fits(shape: readonly number[], wanted: OnnxPort["shape"]): boolean {
  return wanted.length === 0 || (shape.length === wanted.length && wanted.every((size, axis) => typeof size !== "number" || size < 0 || size === shape[axis]));
}
