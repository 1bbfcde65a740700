import { ShoalError } from "@shoal/core";
import type { ModelFiles } from "../../model/model-files.ts";
import type { ModelRequest } from "../../platform/model-platform.ts";
import { isCommit } from "../commit.ts";
import { commitOf } from "./branch-commit.ts";
import { KeptFiles, type CacheStrategy, type KeptFile } from "./kept-files.ts";

/** Where a model's files are. */
interface Site {
  readonly urlOf: (path: string) => string | undefined;
  readonly strategy: CacheStrategy;
  readonly token?: string | undefined;
}

/**
 * A model's files, by what it is called: a hub id, the http(s) URL or the path on the page's server above the files, or a `data:` URL of
 * JSON that names the URL of each file.
 * @throws `model-not-found` for a directory, `bad-model-name`
 */
export async function openBrowserModel({ model, revision, hub = {}, signal, log, onBytes }: ModelRequest): Promise<ModelFiles> {
  const site = await siteOf(model, revision, hub, signal);
  const files = new KeptFiles({ model, offline: hub.offline ?? false, signal, log, onBytes });
  const get = async (path: string): Promise<KeptFile | undefined> => {
    const url = site.urlOf(path);
    return url === undefined ? undefined : files.get(url, site.strategy, site.token);
  };
  return {
    model: nameOf(model),
    fetched: true,
    beside: false,
    locate: async (path) => (await get(path))?.url(path),
    async read(path, mostBytes = Infinity) {
      const file = await get(path);
      return file === undefined || file.size > mostBytes ? undefined : file.bytes();
    },
    lookedAt: (path) => `${site.urlOf(path) ?? `${path}, which it does not list`}${hub.offline === true ? " (offline: nothing is fetched)" : ""}`,
  };
}

async function siteOf(model: string, revision: string, hub: NonNullable<ModelRequest["hub"]>, signal: AbortSignal): Promise<Site> {
  const endpoint = (hub.endpoint ?? "https://huggingface.co").replace(/\/+$/, "");
  if (/^data:application\/json[,;]/i.test(model)) {
    const listed = (await (await fetch(model, { signal })).json()) as Readonly<Record<string, string>>;
    return { urlOf: (path) => listed[path], strategy: "network-only" };
  }
  if (/^https?:/i.test(model) || model.startsWith("/")) {
    const base = new URL(model.endsWith("/") ? model : `${model}/`, globalThis.location.href);
    return { urlOf: (path) => new URL(path, base).href, strategy: "network-first", token: base.origin === new URL(endpoint).origin ? hub.token : undefined };
  }
  if (/^[\w.-]+(\/[\w.-]+)?$/.test(model) && !model.includes("..")) {
    // All files of one commit: those of a branch may change between the download of one and of the next.
    const commit = isCommit(revision) ? revision : await commitOf({ endpoint, model, branch: revision, hub, signal });
    return {
      urlOf: (path) => `${endpoint}/${model}/resolve/${encodeURIComponent(commit ?? revision)}/${path}`,
      strategy: commit === undefined ? "network-first" : "cache-first",
      token: hub.token,
    };
  }
  const local = /^(file:|\.{1,2}([/\\]|$)|[A-Za-z]:[/\\])/i.test(model);
  if (local) {
    throw new ShoalError("model-not-found", `Model "${model}": a page reads no directories.`, {
      failure: "bug", hint: `Serve the model's files, and name their URL: new URL("models/name/", document.baseURI), or "/models/name/" on the page's own server.`,
    });
  }
  throw new ShoalError("bad-model-name", `"${model}" is neither a URL nor a hub id.`, { failure: "bug", hint: `Write a hub id as "org/name".` });
}

/** What a list of files is called stands behind its `#`. */
function nameOf(model: string): string {
  return /^data:/i.test(model) ? (model.split("#")[1] ?? "a list of files") : model;
}
