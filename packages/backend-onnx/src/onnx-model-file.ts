import type { DeclarativePredictorSpec } from "@shoal/core";

/** The file of a model, for handing it on. */
export interface OnnxModelFile {
  /** Its name. */
  readonly path: string;
  /** A path or a `file:` URL; in a page an address on the page's own server. */
  readonly place: string;
}

/** The one file that loading a predictor of this backend needs. Undefined for a model at an http(s) address, which whoever loads it fetches there. */
export function onnxModelFile({ model }: DeclarativePredictorSpec): OnnxModelFile | undefined {
  if (/^https?:/i.test(model)) return undefined;
  const name = model.split(/[?#]/)[0]?.split(/[/\\]/).findLast((part) => part !== "") ?? "model.onnx";
  return { path: /^file:/i.test(model) ? decodeURIComponent(name) : name, place: model };
}
