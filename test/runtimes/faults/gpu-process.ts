import { execFileSync } from "node:child_process";

/** The process of a running Chromium that has its GPU. */
export function gpuProcess(browser: number): number {
  const processes = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n").flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
  const family = new Set([browser]);
  // A parent may stand below its child.
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  const found = processes.find(({ pid, command }) => family.has(pid) && command.includes("--type=gpu-process"));
  if (found === undefined) throw new Error(`Chromium (process ${browser}) has no process with --type=gpu-process among its descendants.`);
  return found.pid;
}
