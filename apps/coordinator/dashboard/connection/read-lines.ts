/** A line was longer than any snapshot can be. */
export class LineTooLong extends Error {}

/**
 * The lines of a stream of UTF-8, each without its end, as they come. What is left without an end when the stream ends is half a line and left out.
 *
 * @throws {LineTooLong} after `maxCharacters` without an end of line, so that a broken server costs no memory.
 */
export async function* readLines(stream: ReadableStream<Uint8Array>, maxCharacters = 64 * 2 ** 20): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  // Joined once a line is whole: searching a growing string again at each chunk would take time that grows with its square.
  let parts: string[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const pieces = decoder.decode(value, { stream: true }).split("\n");
      for (const [index, piece] of pieces.entries()) {
        parts.push(piece);
        length += piece.length;
        if (length > maxCharacters) throw new LineTooLong(`A line of more than ${maxCharacters.toLocaleString("en")} characters.`);
        if (index === pieces.length - 1) break;
        const line = parts.join("");
        parts = [];
        length = 0;
        if (line.trim() !== "") yield line;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
