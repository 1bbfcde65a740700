import { setFlagsFromString } from "node:v8";

/**
 * How much a heap may grow before V8 looks through all of it. With 100 and 150 the benchmark "bytes" gained about half as much: the smallest heap of a coordinator leaves no room
 * then for the 32 MB of new buffers at which V8 looks through new objects alone.
 */
const growingPercent = 300;

/**
 * For a process whose work is to pass bytes on: what comes from sockets are buffers outside of the heap, which V8 counts as if they were in it. So a few megabytes of them bring it to look
 * through the whole heap, where it finds nothing else, and that costs more than passing them on. Let more of them gather: once for the whole process, which has to be the command's own.
 * Deno and Bun take it without an error; what it does there was not measured.
 */
export function letBuffersGather(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
