import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * What collects this thread's garbage at once, old and young; undefined on runtimes that don't let themselves be told. For a thread that knows when it has
 * thrown away most of what it had: V8 would let a heap grow several times over before it looks.
 */
export function collector(): (() => void) | undefined {
  try {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    setFlagsFromString("--no-expose-gc");
    return () => collect();
  } catch {
    return undefined;
  }
}
