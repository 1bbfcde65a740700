import { silentLogger, type DeclarativePredictorSpec, type Logger } from "@shoal/core";
import type { ModelSettings } from "../declarative-step.ts";
import type { HubOptions } from "../hub/hub-files.ts";
import { fileNotFound, type ModelFiles } from "./model-files.ts";
import { externalDataPaths, graphCandidates } from "./open-model.ts";

/** A file that loading a model needs. */
export interface ListedFile {
  /** Within the model. */
  readonly path: string;
  /** Where it lies on this machine, if it does; a page has none. */
  readonly localPath?: string;
  /** All of it. */
  read(): Promise<Uint8Array>;
}

export interface ListModelFilesOptions {
  readonly hub?: HubOptions;
  readonly signal: AbortSignal;
  readonly log?: Logger;
}

/** What the tasks read beside the graph, each as far as the model has it. */
const smallFiles = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "chat_template.jinja"];

/**
 * The files that loading a predictor of this backend needs, for handing them on: of a hub's model after they were downloaded. Undefined for
 * a model at an http(s) address, which whoever loads it fetches there.
 * @throws `model-not-found`, `unauthorized`, `download-failed`
 */
export async function listModelFiles(spec: DeclarativePredictorSpec, { hub, signal, log = silentLogger }: ListModelFilesOptions): Promise<readonly ListedFile[] | undefined> {
  if (/^https?:/i.test(spec.model)) return undefined;
  const { platform } = await import("#platform");
  const settings = spec.options as ModelSettings;
  const files = await platform.openModelFiles({ model: spec.model, revision: settings.revision ?? "main", hub, signal, log });
  const located = async (path: string): Promise<ListedFile | undefined> => {
    const place = await files.locate(path);
    if (place === undefined) return undefined;
    return { path, ...(platform.hasFiles && { localPath: place }), read: async () => (await files.read(path)) ?? missing(files, path) };
  };
  const listed = await Promise.all([...smallFiles, ...(await graphsOf(spec, files))].map(located));
  return listed.filter((file) => file !== undefined);
}

/** The graph of each dtype that is to be tried, with its weights. */
async function graphsOf({ options, variants = [{}] }: DeclarativePredictorSpec, files: ModelFiles): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const variant of variants) {
    const candidates = graphCandidates({ ...options, ...variant } as ModelSettings);
    for (const path of candidates) {
      if ((await files.locate(path)) === undefined) continue;
      paths.push(path, ...(await externalDataPaths(files, path)));
      break;
    }
  }
  if (paths.length === 0) throw fileNotFound(files, graphCandidates(options as ModelSettings));
  return [...new Set(paths)];
}

function missing(files: ModelFiles, path: string): never {
  throw fileNotFound(files, [path], "It was there a moment ago: see who changes the model's folder.");
}
