import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ThreadRequest } from "@shoal/ort-sessions";

/** More than this of what was fed, and of outputs that stay here, may lie about once it was read. */
const mostBytes = 8 * 2 ** 20;

/**
 * Feeds move to this thread, and outputs of which only a part is wanted stay; it makes little else: V8 would let tens of megabytes of those that
 * were read lie about, in every actor, before it looks, and look through its whole heap then. So it is told when to.
 * @returns what is told of each request before it is done, and what is called after one, with the bytes of outputs that were left here
 */
export function fedMemory(collect: (() => void) | undefined = youngCollector()): { readonly came: (request: ThreadRequest) => void; readonly done: (leftBytes?: number) => void } {
  let bytes = 0;
  return {
    came({ operation }) {
      if (operation.kind !== "run") return;
      for (const tensor of Object.values(operation.feeds)) if ("data" in tensor && ArrayBuffer.isView(tensor.data)) bytes += tensor.data.byteLength;
    },
    done(leftBytes = 0) {
      bytes += leftBytes;
      if (bytes < mostBytes) return;
      bytes = 0;
      collect?.();
    },
  };
}

/** Collects what was made lately, within a millisecond; undefined on runtimes that don't let themselves be told. */
function youngCollector(): (() => void) | undefined {
  try {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as (options: { readonly type: "minor" }) => void;
    setFlagsFromString("--no-expose-gc");
    return () => collect({ type: "minor" });
  } catch {
    return undefined;
  }
}
