import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { transformersBackend, type TransformersBackendOptions } from "@shoal/backend-transformers";
import { blockFromRows, blockRows, concatBlocks, silentLogger, sliceBlock, type ActorContext, type Block, type Predictor, type PredictorStep, type Row } from "@shoal/core";

/** Models and data that are not part of this repository lie beside the checkout, or where `SHOAL_SHARED` says. */
const shared = process.env["SHOAL_SHARED"] ?? fileURLToPath(new URL("../../../shared/", import.meta.url));

export function sharedPath(path: string): string {
  return `${shared.replace(/\/$/, "")}/${path}`;
}

export const sharedModelsMissing: boolean = !existsSync(sharedPath("models"));

/** What a model must give. Without the models there are no cases: the suites that compare with them are collected, and skipped. */
export function golden<T>(model: string): T {
  if (sharedModelsMissing) return { cases: { fp32: [], q8: [] } } as T;
  return JSON.parse(readFileSync(sharedPath(`models/${model}/golden.json`), "utf8")) as T;
}

export interface LoadedStep extends AsyncDisposable {
  readonly predictor: Predictor;
  readonly counts: Map<string, number>;
  /** Rows in, rows of the added columns out, predicted in batches of `batchRows`. */
  run(rows: readonly Row[], batchRows?: number): Promise<Row[]>;
}

/** A declarative predictor in this process, on onnxruntime-node's cpu device. */
export async function loadStep(step: PredictorStep<never, unknown>, options?: TransformersBackendOptions): Promise<LoadedStep> {
  if (step.spec.kind !== "declarative") throw new Error("not a declarative predictor");
  const counts = new Map<string, number>();
  const abort = new AbortController();
  const base = { device: "cpu", deviceIndex: 0, threads: 1, signal: abort.signal, log: silentLogger } as const;
  const runtime = await onnxNodeRuntime().open(base);
  const actor: ActorContext = { ...base, onnx: runtime.onnx, count: (name, amount) => void counts.set(name, (counts.get(name) ?? 0) + amount) };
  const predictor = await transformersBackend(options).load(step.spec, actor);
  return {
    predictor, counts,
    run: async (rows, batchRows = rows.length) => [...blockRows(await processBlock(predictor, blockFromRows(rows), batchRows, abort.signal))],
    async [Symbol.asyncDispose]() {
      await predictor.dispose?.();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

async function processBlock(predictor: Predictor, block: Block, batchRows: number, signal: AbortSignal): Promise<Block> {
  const prepared = (await predictor.preprocess?.(block, signal)) ?? block;
  const parts: Block[] = [];
  for (let row = 0; row < block.rows; row += batchRows) parts.push(await (predictor.predict(sliceBlock(prepared, row, row + batchRows), signal) as Promise<Block>));
  const predicted = concatBlocks(parts);
  return (await predictor.postprocess?.(predicted, signal)) ?? predicted;
}
