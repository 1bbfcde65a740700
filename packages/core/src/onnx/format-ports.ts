import type { OnnxPort } from "./onnx-session.ts";

/** `input_ids: int64[batch, length], sr: int64[]` */
export function formatPorts(ports: readonly OnnxPort[]): string {
  return ports.map((port) => `${port.name}: ${port.type}${formatShape(port.shape)}`).join(", ") || "none";
}

/** `[rows, 3, ?]` */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (size === -1 ? "?" : size)).join(", ")}]`;
}
