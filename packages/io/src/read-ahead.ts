/** The first items, up to where there are enough, and all of them again. What is read can't be read twice from standard input. */
export async function readAhead<T>(items: AsyncIterable<T>, isEnough: (held: readonly T[]) => boolean): Promise<[held: readonly T[], all: AsyncIterable<T>]> {
  const iterator = items[Symbol.asyncIterator]();
  const held: T[] = [];
  while (!isEnough(held)) {
    const { done, value } = await iterator.next();
    if (done) break;
    held.push(value);
  }
  async function* all() {
    try {
      yield* held;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return [held, all()];
}

/** Remembers what was found out about each version of a file; a failure is forgotten, so that a run that was stopped doesn't spoil the next. */
export function rememberPerFile<T>(): (file: { readonly path: string; readonly version: string }, find: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (file, find) => {
    const key = `${file.path}\n${file.version}`;
    const result = known.get(key) ?? find();
    known.set(key, result);
    result.catch(() => known.delete(key));
    return result;
  };
}
