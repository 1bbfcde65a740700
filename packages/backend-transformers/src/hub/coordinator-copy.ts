/**
 * The address of a model that a coordinator hands out, without the key of who asks. Copies are kept by it: its files never change, whoever
 * fetched them, and a key does not belong in the name of a file. Undefined for any other address.
 */
export function coordinatorCopy(url: string): string | undefined {
  const [, before, after] = /^(https?:\/\/.*\/models\/)~[^/]+\/([0-9a-f]{64}\/.*)$/.exec(url) ?? [];
  return before === undefined ? undefined : `${before}${after}`;
}
