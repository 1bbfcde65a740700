import { Worker } from "node:worker_threads";

const watchMs = 250;
/** Of whoever forked this process; another one's once that has died. */
const parent = process.ppid;

/**
 * Ends this process when its parent ends, however that ends, and only then: a closed channel tells it at once, and in Deno not always, so
 * that it is also looked whether the parent has changed. SIGKILL, because leaving in an orderly way aborts under a native run.
 */
export function dieWithParent(): void {
  const die = (): void => void process.kill(process.pid, "SIGKILL");
  process.on("disconnect", die);
  if (!process.connected) die();
  // Windows keeps the number of a dead parent, but ends its children with it.
  if (process.platform !== "win32") setInterval(() => process.ppid !== parent && die(), watchMs).unref();
  // A terminal's Ctrl-C reaches the whole group; what becomes of actors is for the parent to say.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}

/**
 * The same while this thread is blocked, and hears nothing: a second thread sees that the parent changed. It costs as much as starting
 * Node does, so only code that may block is given one.
 */
export function dieWithParentEvenBlocked(): void {
  if (process.platform === "win32") return;
  const watch = `setInterval(() => { if (process.ppid !== ${parent}) process.kill(process.pid, "SIGKILL"); }, ${watchMs});`;
  new Worker(watch, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
}
