// { key: "location", value: … } of a tensor whose data lie outside: field 1, eight bytes, the word; then field 2, a length, the path.
const marker = Uint8Array.of(0x0a, 8, ...new TextEncoder().encode("location"), 0x12);

/** The files that a model's tensors are in, as it names them: relative to itself. */
export function externalDataPaths(model: Uint8Array): string[] {
  const paths = new Set<string>();
  for (let at = model.indexOf(0x0a); at >= 0; at = model.indexOf(0x0a, at + 1)) {
    if (!marker.every((byte, offset) => model[at + offset] === byte)) continue;
    const start = at + marker.length + 1;
    const length = model[start - 1] as number;
    // Longer paths than a byte can count are none that anybody gave.
    if (length < 128) paths.add(new TextDecoder().decode(model.subarray(start, start + length)));
  }
  return [...paths];
}
