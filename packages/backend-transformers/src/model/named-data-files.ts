const mark = Array.from(new TextEncoder().encode(".onnx"));
const name = /[\w-][\w.-]*\.onnx(?:_data|\.data)(?:_\d+)?/g;
/** No file has a longer name, and no number behind it is longer than that. */
const mostBefore = 255;
const mostAfter = 64;

/** The files of weights that a graph names, as in `model.onnx_data_1`. It is not read as text: as that it would take a second, and twice its size. */
export function namedDataFiles(graph: Uint8Array): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = graph.indexOf(mark[0] as number); at >= 0; at = graph.indexOf(mark[0] as number, at + 1)) {
    if (!mark.every((byte, offset) => graph[at + offset] === byte)) continue;
    const from = Math.max(0, at - mostBefore);
    const text = String.fromCharCode(...graph.subarray(from, at + mostAfter));
    for (const { 0: found, index } of text.matchAll(name)) if (index <= at - from && at - from < index + found.length) names.add(found);
  }
  return names;
}
