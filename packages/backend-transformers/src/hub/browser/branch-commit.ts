import { isCommit } from "../commit.ts";
import type { HubOptions } from "../hub-files.ts";
import { fetchWithRetry } from "./fetch-with-retry.ts";
import { openCache } from "./kept-files.ts";

interface Branch {
  readonly endpoint: string;
  readonly model: string;
  readonly branch: string;
  readonly hub: HubOptions;
  readonly signal: AbortSignal;
}

/** How long a hub is waited for where a commit is known already. */
const patienceMs = 5000;

/**
 * The commit that a branch or a tag of the hub is at; while the hub can't be reached, the one it was at when it last could. Undefined
 * where neither is known, as of a mirror that has files and no more.
 */
export async function commitOf({ endpoint, model, branch, hub, signal }: Branch): Promise<string | undefined> {
  const url = `${endpoint}/api/models/${model}/revision/${encodeURIComponent(branch)}`;
  const cache = await openCache();
  const known = await (await cache?.match(url))?.text();
  if (hub.offline === true) return known;
  const commit = await askedCommit(url, hub.token, known === undefined ? { signal } : { signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]), mostFailures: 0 });
  signal.throwIfAborted();
  if (commit === undefined) return known;
  if (commit !== known) {
    await cache?.put(url, new Response(commit)).catch(() => {});
    if (known !== undefined) await forget(cache, `${endpoint}/${model}/resolve/${known}/`);
  }
  return commit;
}

async function askedCommit(url: string, token: string | undefined, options: { readonly signal: AbortSignal; readonly mostFailures?: number }): Promise<string | undefined> {
  try {
    const response = await fetchWithRetry(url, { ...options, token });
    const { sha } = (response.ok ? await response.json() : {}) as { readonly sha?: unknown };
    return typeof sha === "string" && isCommit(sha) ? sha : undefined;
  } catch {
    // What there is to say about it is said of the files themselves.
    return undefined;
  }
}

/** Drops the copies of a commit that the branch has left: weights are large. */
async function forget(cache: Cache | undefined, prefix: string): Promise<void> {
  for (const { url } of (await cache?.keys()) ?? []) if (url.startsWith(prefix)) await cache?.delete(url);
}
