import { once } from "node:events";
import { createGzip } from "node:zlib";
import type { OutputFile } from "../output.ts";

/** The same file, compressed. */
export function gzipFile(file: OutputFile): OutputFile {
  const gzip = createGzip();
  const done = (async () => {
    for await (const bytes of gzip as AsyncIterable<Uint8Array>) await file.write(bytes);
  })();
  // Awaited in write and close; until then a failure must not end the process.
  done.catch(() => {});
  return {
    path: file.path,
    async write(bytes) {
      if (!gzip.write(bytes)) await Promise.race([once(gzip, "drain"), done]);
    },
    async close() {
      gzip.end();
      await done;
      return file.close();
    },
  };
}
