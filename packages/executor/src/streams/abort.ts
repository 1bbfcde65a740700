const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal aborts; gives what takes the callback back. However many wait, the signal itself has one listener: runtimes
 * warn of a leak from the eleventh on.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let waiting = listeners.get(signal);
  if (waiting === undefined) {
    const all = (waiting = new Set());
    listeners.set(signal, all);
    signal.addEventListener("abort", () => {
      for (const each of all) each();
      all.clear();
    }, { once: true });
  }
  const all = waiting;
  all.add(callback);
  return () => void all.delete(callback);
}

/** The promise's outcome, or the signal's reason as soon as it aborts. What is left behind may settle later, unheard. */
export function orAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const release = onAbort(signal, () => reject(signal.reason));
    promise.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}

/**
 * The same stream, but an abort ends it even while the source is silent: `return()` can't interrupt a pending `next()`. The source is
 * told to return, and not waited for where it hangs.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let waiting = false;
  let ended = false;
  try {
    while (!signal.aborted) {
      waiting = true;
      const next = await orAborted(iterator.next(), signal);
      waiting = false;
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
    throw signal.reason;
  } finally {
    if (!ended) {
      const returned = iterator.return?.();
      if (waiting) returned?.catch(() => {});
      else await returned;
    }
  }
}

/** An abort controller that also aborts with its parent. `release` lets go of the parent. */
export function childController(parent: AbortSignal): { readonly controller: AbortController; readonly release: () => void } {
  const controller = new AbortController();
  if (parent.aborted) controller.abort(parent.reason);
  const release = onAbort(parent, () => controller.abort(parent.reason));
  return { controller, release };
}
