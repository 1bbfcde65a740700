/** Whether they are equal; how long it takes says nothing about where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  let difference = 0;
  for (let at = 0; at < a.byteLength; at++) difference |= (a[at] as number) ^ (b[at] as number);
  return difference === 0;
}
