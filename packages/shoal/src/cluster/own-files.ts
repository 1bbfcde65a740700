import { manifestOf, type BundlePredictor, type CodeBundle, type FindModel, type ModelManifest } from "@shoal/cluster";
import type { Coordinator, StoredFiles } from "@shoal/coordinator";
import { ShoalError } from "@shoal/core";
import { bundlePredictor } from "#platform";
import { modelUrl } from "../agent/model-url.ts";

/**
 * Models and code that this process's driver hands out: neither the coordinator nor its own worker needs a copy of what lies on this machine. Somebody else may bring
 * a job too, by the dashboard's link: its models come over HTTP, as to any worker, and its code is not run here.
 */
export class OwnFiles {
  /** By the hash of the model. */
  readonly #places = new Map<string, string>();
  readonly #bundles = new Set<string>();
  readonly #find: FindModel;
  readonly #files: StoredFiles;
  readonly #base: string;

  constructor(find: FindModel, { files, url }: Pick<Coordinator, "files" | "url">) {
    [this.#find, this.#files, this.#base] = [find, files, url];
  }

  readonly find: FindModel = async (spec, signal) => {
    const model = await this.#find(spec, signal);
    if (model === undefined) return undefined;
    this.#places.set((await manifestOf(model)).hash, spec.model);
    // Before the job is brought: what is there is not asked for.
    for (const { sha256, localPath } of model.files) if (localPath !== undefined) await this.#files.add(sha256, localPath);
    return model;
  };

  readonly bundle: BundlePredictor = async (spec, signal) => {
    const bundle = await bundlePredictor(spec, signal);
    this.#bundles.add(bundle.sha256);
    return bundle;
  };

  placeOf(model: ModelManifest, key: string): string {
    return this.#places.get(model.hash) ?? modelUrl(this.#base, key, model);
  }

  /** @throws `code-not-allowed` */
  async codeOf({ sha256 }: CodeBundle): Promise<Uint8Array> {
    if (this.#bundles.has(sha256)) return this.#files.read(sha256);
    throw new ShoalError("code-not-allowed", "This machine runs the code of its own job, and this is another's.", { failure: "worker-lost", hint: "Start a worker that may run it: shoal work --allow-code." });
  }
}
