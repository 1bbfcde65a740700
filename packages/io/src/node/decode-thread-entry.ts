import type { WorkerOptions } from "node:worker_threads";

/**
 * The module that a decode thread runs, beside this one. A published package holds plain `.js`; in the workspace the `.ts` files
 * themselves run, which Node needs a loader for (Bun and Deno do not, and know their conditions already).
 */
export function decodeThreadEntry(): { url: URL; options: WorkerOptions } {
  if (!import.meta.url.endsWith(".ts")) return { url: new URL("./decode-thread-worker.js", import.meta.url), options: { execArgv: [] } };
  const url = new URL("./decode-thread-worker.ts", import.meta.url);
  if ("Bun" in globalThis || "Deno" in globalThis) return { url, options: {} };
  const loader = new URL("../../../workers/ts-loader/register.mjs", import.meta.url);
  return { url, options: { execArgv: ["--conditions=@shoal/source", "--import", loader.href] } };
}
