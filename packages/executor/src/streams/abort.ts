/** The promise's outcome, or the signal's reason as soon as it aborts. What is left behind may settle later, unheard. */
export function orAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener("abort", abort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", abort);
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
  const abort = (): void => controller.abort(parent.reason);
  if (parent.aborted) abort();
  else parent.addEventListener("abort", abort, { once: true });
  return { controller, release: () => parent.removeEventListener("abort", abort) };
}
