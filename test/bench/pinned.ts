import { execFileSync } from "node:child_process";

/** What a command begins with so that it has one core, where the system has a way to ask for that. */
export function pinned(core = 0): readonly string[] {
  try {
    execFileSync("taskset", ["-c", String(core), "true"], { stdio: "ignore" });
    return ["taskset", "-c", String(core)];
  } catch {
    return [];
  }
}
