import { execFileSync } from "node:child_process";
import { arch, execPath, platform, versions } from "node:process";
import { fileURLToPath } from "node:url";

/**
 * A Node of this major version: the one that runs this, else the one in `nodes/`, else one on the PATH, as `node` or as `node24`. Without
 * it, what it was to run is left out, which is said; in CI that is a failure.
 */
export function findNode(major: number): string | undefined {
  const installed = fileURLToPath(new URL(`./nodes/node_modules/node${major}-${platform}-${arch}/bin/node`, import.meta.url));
  const candidates = [...(majorOf(versions.node) === major ? [execPath] : []), installed, "node", `node${major}`];
  const path = candidates.find((candidate) => majorOf(versionOf(candidate)) === major);
  if (path !== undefined) return path;
  const message = `Node ${major} was not found: what it was to run is left out. To get it: npm ci --prefix test/runtimes/nodes (which has 22 and 24), or put it on the PATH as node${major}.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return undefined;
}

function versionOf(path: string): string {
  try {
    return execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}
