import { availableParallelism } from "node:os";
import { runInThread } from "../decode-thread.ts";
import type { Raster } from "../turn-upright.ts";

/** The most JPEGs that are decoded at once in this process. */
const mostThreads = Math.min(4, availableParallelism());
let threads = 0;
const waiting: (() => void)[] = [];

/**
 * Decodes in a thread as soon as one is free, first come first served.
 * @throws ContentFault
 */
export async function decodeJpegInThread(bytes: Uint8Array, orientation: number, signal: AbortSignal): Promise<Raster> {
  if (threads < mostThreads) threads++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    let image: Raster | undefined;
    for await (const output of runInThread("jpeg-decode", { bytes, orientation }, { signal })) image = output as Raster;
    return image as Raster;
  } finally {
    // Whoever waits takes over the place.
    const next = waiting.shift();
    if (next === undefined) threads--;
    else next();
  }
}
