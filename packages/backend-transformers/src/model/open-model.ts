import type { ActorContext, JsonObject, OnnxSession } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { shortName, type Dtype, type ModelSettings } from "../declarative-step.ts";
import { checkArchitecture } from "./check-architecture.ts";
import { fileNotFound, requiredJson, type ModelFiles } from "./model-files.ts";
import { namedDataFiles } from "./named-data-files.ts";

/** A model's files, its config.json, and its graph, loaded. */
export interface OpenModel<Extra> {
  readonly files: ModelFiles;
  readonly config: JsonObject;
  readonly session: OnnxSession;
  /** What the task loads besides. */
  readonly extra: Extra;
}

const suffixes: Readonly<Record<Dtype, string>> = { fp32: "", fp16: "_fp16", q8: "_quantized", int8: "_int8", uint8: "_uint8", q4: "_q4", q4f16: "_q4f16", bnb4: "_bnb4" };

/**
 * Loads what every task needs, and `loadExtra` (tokenizer, processor) at the same time.
 * @throws `unsupported-model` where it is made for another task, `model-not-found`, `unauthorized`, `download-failed`, and what the session's runtime throws.
 */
export async function openModel<Extra>(
  { spec, actor, hub, platform }: Pick<TaskContext, "spec" | "actor" | "hub" | "platform">, loadExtra: (files: ModelFiles) => Promise<Extra>,
): Promise<OpenModel<Extra>> {
  const settings = spec.options as ModelSettings;
  const modelFiles = await platform.openModelFiles({ model: spec.model, revision: settings.revision ?? "main", hub, signal: actor.signal, log: actor.log });
  // The small files first: a model that lacks one is not worth gigabytes.
  const config = await requiredJson(modelFiles, "config.json");
  checkArchitecture(config, spec.task, shortName(spec.model));
  const opening = openSession(modelFiles, settings, actor);
  try {
    // Both are heard from the first: a session that can't be opened while the tokenizer still loads would else end the actor.
    const [extra, session] = await Promise.all([loadExtra(modelFiles), opening]);
    return { files: modelFiles, config, extra, session };
  } catch (error) {
    await opening.then((session) => session[Symbol.asyncDispose](), () => {});
    throw error;
  }
}

async function openSession(files: ModelFiles, settings: ModelSettings, actor: ActorContext): Promise<OnnxSession> {
  const { path, externalData } = await locateGraph(files, settings);
  return actor.onnx(path, externalData === undefined ? {} : { externalData });
}

interface Graph {
  readonly path: string;
  /** Weights in files of their own, where the runtime could not find them beside the graph. */
  readonly externalData: Readonly<Record<string, Uint8Array>> | undefined;
}

async function locateGraph(files: ModelFiles, settings: ModelSettings): Promise<Graph> {
  const candidates = graphCandidates(settings);
  for (const candidate of candidates) {
    const path = await files.locate(candidate);
    if (path !== undefined) return { path, externalData: await fetchExternalData(files, candidate) };
  }
  throw fileNotFound(files, candidates, `Choose a dtype that the model has a file for (it was asked for "${settings.dtype ?? "fp32"}"), or name the file with modelFile.`);
}

/** Where a model's graph may be; the first that is there is it. */
export function graphCandidates({ dtype = "fp32", modelFile }: ModelSettings): readonly string[] {
  const suffix = suffixes[dtype];
  return modelFile === undefined ? [`onnx/model${suffix}.onnx`, `model${suffix}.onnx`, `onnx/decoder_model_merged${suffix}.onnx`] : [modelFile];
}

/** A graph above 2 GB keeps its weights in files beside it, and names them. */
async function fetchExternalData(files: ModelFiles, graph: string): Promise<Graph["externalData"]> {
  if (!files.fetched) return undefined;
  const paths = await externalDataPaths(files, graph);
  if (files.beside) {
    await Promise.all(paths.map((path) => files.locate(path)));
    return undefined;
  }
  const read = await Promise.all(paths.map(async (path) => [path.slice(path.lastIndexOf("/") + 1), await files.read(path)] as const));
  return Object.fromEntries(read.flatMap(([name, data]) => (data === undefined ? [] : [[name, data]])));
}

/** The files that a graph names, which the model may have or not. */
export async function externalDataPaths(files: ModelFiles, graph: string): Promise<readonly string[]> {
  // A larger graph holds its weights itself.
  const bytes = await files.read(graph, 64 * 2 ** 20);
  const names = bytes === undefined ? [] : namedDataFiles(bytes);
  const folder = graph.slice(0, graph.lastIndexOf("/") + 1);
  return Array.from(names, (name) => folder + name);
}
