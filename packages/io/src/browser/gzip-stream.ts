import type { OutputFile } from "../output.ts";

/** The same file, compressed with what browsers bring along. */
export function gzipByStream(file: OutputFile): OutputFile {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const done = (async () => {
    const reader = readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) await file.write(next.value);
  })();
  // Awaited in write and close; until then a failure must not be reported as unhandled.
  done.catch(() => {});
  return {
    path: file.path,
    async write(bytes) {
      await Promise.race([writer.write(bytes as Uint8Array<ArrayBuffer>), failure(done)]);
    },
    async close() {
      await Promise.race([writer.close(), failure(done)]);
      await done;
      return file.close();
    },
  };
}

/** Never resolves: what has failed ends a wait for it. */
async function failure(done: Promise<void>): Promise<never> {
  await done;
  return new Promise(() => {});
}
