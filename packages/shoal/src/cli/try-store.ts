import { sha256Of } from "@shoal/cluster";
import type { Store } from "@shoal/cluster/stores";
import { ShoalError } from "@shoal/core";
import { openStore } from "./open-shared-engine.ts";

/** What was tried of a store, in order, up to what went wrong. */
export interface StoreReport {
  readonly where: string;
  readonly tried: readonly string[];
  readonly problem?: ShoalError;
}

const urlMs = 60_000;

/**
 * Does with a store what gateways, machines and tabs do. Opening it is the first trial: that writes, lists, and sees that a second write is refused. Two blobs of some bytes stay, the same ones
 * each time, until gateways collect what nothing refers to.
 */
export async function tryStore(where: string, environment: NodeJS.ProcessEnv): Promise<StoreReport> {
  const tried: string[] = [];
  let store: Store | undefined;
  try {
    store = await openStore(where, environment);
    tried.push("reachable, writable, and refuses a second write of what is there");
    const { blobs } = store;
    const bytes = new TextEncoder().encode("What shoal doctor stores to see that it can.\n");
    const sha256 = await sha256Of(bytes);
    await blobs.put(sha256, bytes);
    if ((await blobs.put(sha256, bytes)) !== "there") throw unsuited(where, "what was stored a moment ago is not there");
    expectSame(where, await blobs.get(sha256), bytes);
    tried.push("gives back what was stored");
    const url = await blobs.url?.(sha256, "get", urlMs);
    if (url !== undefined) {
      expectSame(where, new Uint8Array(await (await ask(where, url)).arrayBuffer()), bytes);
      const other = new TextEncoder().encode("What shoal doctor stores by an address alone.\n");
      const name = await sha256Of(other);
      const to = await blobs.url?.(name, "put", urlMs);
      if (to !== undefined) await ask(where, to, { method: "PUT", body: other });
      expectSame(where, await blobs.get(name), other);
      tried.push("lets tabs read and write by presigned addresses");
    }
    return { where: store.where, tried };
  } catch (error) {
    return { where: store?.where ?? where, tried, problem: ShoalError.from(error) };
  } finally {
    await store?.close();
  }
}

async function ask(where: string, url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(urlMs) }).catch((cause: unknown) => Promise.reject(unsuited(where, `a presigned address can't be reached: ${(cause as Error).message}`, cause)));
  if (!answer.ok) throw unsuited(where, `a presigned address was answered ${answer.status}`);
  return answer;
}

function expectSame(where: string, actual: Uint8Array, expected: Uint8Array): void {
  if (actual.length !== expected.length || actual.some((byte, at) => byte !== expected[at])) throw unsuited(where, "it gave other bytes than were stored");
}

function unsuited(where: string, why: string, cause?: unknown): ShoalError {
  return new ShoalError("store-unsuited", `The store ${where} does not do what it has to: ${why}.`, { hint: "Look at its version, its settings, and at what stands between it and this machine.", ...(cause !== undefined && { cause }) });
}
