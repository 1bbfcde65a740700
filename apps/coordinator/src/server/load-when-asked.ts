/** What is there by then is there for the first visitor too, though its files were replaced by an update since. */
export const loadedAfterMs = 10_000;

/**
 * Loads what only visitors need when the first of them comes: most shared runs have none, or are over before; and the server's libraries take as long to load as all else of a coordinator.
 * @returns what uses it: at once where it is there already, in the order in which it was asked. `failed` gets what loading has thrown; whoever comes next tries again.
 */
export function loadWhenAsked<T>(load: () => Promise<T>): (use: (loaded: T) => void, failed: (error: unknown) => void) => void {
  let loaded: { readonly value: T } | undefined;
  let loading: Promise<T> | undefined;
  return (use, failed) => {
    if (loaded !== undefined) return use(loaded.value);
    loading ??= load().then(
      (value) => {
        loaded = { value };
        return value;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    void loading.then(use, failed);
  };
}
