import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";

export type RuntimeName = "bun" | "deno";

export interface OtherRuntime {
  readonly name: RuntimeName;
  readonly path: string;
  /** What runs a file: `path` with these and the file. `conditions` decide how workspace packages resolve. */
  command(file: string, ...conditions: string[]): readonly string[];
}

// Their platform packages hold the very binary and need no install script, unlike `bun` and `deno`.
const packages: Record<RuntimeName, Record<string, string>> = {
  bun: {
    "linux-x64": "@oven/bun-linux-x64/bin/bun",
    "linux-arm64": "@oven/bun-linux-aarch64/bin/bun",
    "darwin-x64": "@oven/bun-darwin-x64/bin/bun",
    "darwin-arm64": "@oven/bun-darwin-aarch64/bin/bun",
  },
  deno: {
    "linux-x64": "@deno/linux-x64-glibc/deno",
    "linux-arm64": "@deno/linux-arm64-glibc/deno",
    "darwin-x64": "@deno/darwin-x64/deno",
    "darwin-arm64": "@deno/darwin-arm64/deno",
  },
};

/**
 * The runtime that `npm ci` brought along, else the one on the PATH. Without either, the suites that need it are left out and say so; in
 * CI that is a failure.
 */
export function findRuntime(name: RuntimeName): OtherRuntime | undefined {
  const path = [packaged(name), name].find((candidate) => candidate !== undefined && works(candidate));
  if (path !== undefined) {
    return { name, path, command: (file, ...conditions) => [...(name === "deno" ? ["run", "--allow-all"] : []), ...conditions.map((each) => `--conditions=${each}`), file] };
  }
  const message = `${name} was not found: its suites are left out. To get it: npm ci without --omit=optional, or put ${name} on the PATH.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return undefined;
}

function packaged(name: RuntimeName): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(packages[name][`${platform}-${arch}`] ?? "none");
  } catch {
    return undefined;
  }
}

function works(path: string): boolean {
  try {
    execFileSync(path, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
