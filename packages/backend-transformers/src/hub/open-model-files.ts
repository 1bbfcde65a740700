import { ShoalError, type Logger } from "@shoal/core";
import type { ModelFiles } from "../model/model-files.ts";
import type { TellBytes } from "../platform/model-platform.ts";
import { isCommit } from "./commit.ts";
import { coordinatorCopy } from "./coordinator-copy.ts";
import { download } from "./download.ts";
import type { HubFiles, HubSettings } from "./hub-files.ts";

/**
 * A model's files, by what it is called: a directory or its `file:` URL, the http(s) URL above the files, or a hub id.
 * @throws `model-not-found` for a directory that does not exist, `bad-model-name`
 */
export async function openModelFiles(model: string, revision: string, hub: HubSettings, files: HubFiles, signal: AbortSignal, log: Logger, onBytes?: TellBytes): Promise<ModelFiles> {
  if (/^file:/i.test(model)) return directoryFiles(model, files.fromFileUrl(model), files);
  if (/^https?:/i.test(model)) return remoteFiles(model, siteOf(model, hub, files), hub, files, signal, log, onBytes);
  if (/^(\.{1,2}([/\\]|$)|[/\\]|[A-Za-z]:[/\\])/.test(model) || (await files.isDirectory(model))) return directoryFiles(model, model, files);
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(model) || model.includes("..")) {
    throw new ShoalError("bad-model-name", `"${model}" is neither a directory here, nor a URL, nor a hub id.`, { failure: "bug", hint: `Write a hub id as "org/name", a directory as "./name".` });
  }
  return remoteFiles(model, repositoryOf(model, revision, hub, files), hub, files, signal, log, onBytes);
}

async function directoryFiles(model: string, directory: string, files: HubFiles): Promise<ModelFiles> {
  if (!(await files.isDirectory(directory))) {
    throw new ShoalError("model-not-found", `Model "${model}": there is no directory ${directory}.`, { failure: "bug", hint: "Name the directory that holds the model's config.json.", details: { directory } });
  }
  const at = (path: string) => files.join(directory, ...path.split("/"));
  return {
    model,
    fetched: false,
    beside: true,
    read: (path, mostBytes) => files.read(at(path), mostBytes),
    locate: async (path) => ((await files.isFile(at(path))) ? at(path) : undefined),
    lookedAt: at,
  };
}

/** Where the files of a remote model are, and where copies of them are kept. */
interface Site {
  readonly urlOf: (path: string) => string;
  readonly directory: string;
  readonly token: string | undefined;
  /** What it lacks once it lacks for good. */
  readonly fixed: boolean;
  /** A copy that Python's library keeps. */
  readonly shared: (path: string) => Promise<string | undefined>;
}

function siteOf(model: string, hub: HubSettings, files: HubFiles): Site {
  const base = new URL(model.endsWith("/") ? model : `${model}/`);
  const kept = new URL(coordinatorCopy(base.href) ?? base);
  return {
    urlOf: (path) => new URL(path, base).href,
    directory: files.join(hub.cacheDirectory, "shoal", encodeURIComponent(kept.host), encodeURIComponent(kept.pathname + kept.search)),
    token: base.origin === new URL(hub.endpoint).origin ? hub.token : undefined,
    fixed: false,
    shared: () => Promise.resolve(undefined),
  };
}

function repositoryOf(model: string, revision: string, hub: HubSettings, files: HubFiles): Site {
  const host = new URL(hub.endpoint).host;
  return {
    urlOf: (path) => `${hub.endpoint}/${model}/resolve/${encodeURIComponent(revision)}/${path}`,
    directory: files.join(hub.cacheDirectory, "shoal", encodeURIComponent(host), model.replace("/", "--"), `@${encodeURIComponent(revision)}`),
    token: hub.token,
    fixed: isCommit(revision),
    shared: async (path) => {
      const repository = files.join(hub.cacheDirectory, `models--${model.replace("/", "--")}`);
      const reference = await files.read(files.join(repository, "refs", ...revision.split("/")));
      const commit = reference === undefined ? revision : new TextDecoder().decode(reference).trim();
      const copy = files.join(repository, "snapshots", encodeURIComponent(commit), ...path.split("/"));
      return (await files.isFile(copy)) ? copy : undefined;
    },
  };
}

function remoteFiles(model: string, site: Site, hub: HubSettings, files: HubFiles, signal: AbortSignal, log: Logger, onBytes: TellBytes | undefined): ModelFiles {
  // Optional files are asked for by several parts of a task.
  const absent = new Set<string>();
  const locate = async (path: string): Promise<string | undefined> => {
    const target = files.join(site.directory, ...path.split("/"));
    if (await files.isFile(target)) return target;
    const shared = await site.shared(path);
    if (shared !== undefined) return shared;
    if (hub.offline || absent.has(path)) return undefined;
    const marker = `${target}.absent`;
    const wasAbsent = await files.isFile(marker);
    if (!(wasAbsent && site.fixed) && (await downloaded(path, target, wasAbsent))) {
      await files.remove(marker);
      return target;
    }
    absent.add(path);
    if (!wasAbsent) await files.writeText(marker, "");
    return undefined;
  };
  /** What was not there when it was last asked for is no reason to fail while the server is away, or where the cache can only be read. */
  const downloaded = async (path: string, target: string, wasAbsent: boolean): Promise<boolean> => {
    try {
      return await download({ url: site.urlOf(path), token: site.token, model }, target, files, signal, log, wasAbsent ? 0 : undefined, onBytes);
    } catch (error) {
      if (wasAbsent && !signal.aborted && !ShoalError.is(error, "unauthorized")) return false;
      throw error;
    }
  };
  return {
    model,
    fetched: true,
    beside: true,
    locate,
    read: async (path, mostBytes) => {
      const copy = await locate(path);
      return copy === undefined ? undefined : files.read(copy, mostBytes);
    },
    lookedAt: (path) => (hub.offline ? `${files.join(site.directory, ...path.split("/"))} (offline: nothing is fetched)` : site.urlOf(path)),
  };
}
