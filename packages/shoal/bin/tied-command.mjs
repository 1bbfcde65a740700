// The command as a process of its own, which ends as at SIGTERM when the one that started it ends, however that ends.
import process from "node:process";

const watchMs = 250;
const parent = process.ppid;

const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  process.kill(process.pid, "SIGTERM");
}, watchMs);
watch.unref();

await import("../src/cli/main.ts");
