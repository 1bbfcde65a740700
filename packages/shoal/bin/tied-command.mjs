// The command as a process of its own, which ends as at SIGTERM when the one that started it ends, however that ends: the first argument says which one that is.
import process from "node:process";

const watchMs = 250;
const parent = Number(process.argv.splice(2, 1)[0]);
const isOver = () => process.ppid !== parent;

// It may have ended before this one could look.
if (isOver()) process.kill(process.pid, "SIGTERM");

const watch = setInterval(() => {
  if (!isOver()) return;
  clearInterval(watch);
  process.kill(process.pid, "SIGTERM");
}, watchMs);
watch.unref();

await import("../src/cli/main.ts");
