import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packPackages } from "./pack-packages.ts";
import { manifest, publicPackages, workspace } from "./workspace.ts";

export { manifest, publicPackages, workspace } from "./workspace.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder outside the workspace, with the packages in it as a user has them. */
export interface InstalledApp extends AsyncDisposable {
  readonly folder: string;
  write(name: string, text: string): Promise<void>;
  run(command: string, args: readonly string[]): Promise<Ran>;
}

/** @returns why there is none, when the package registry can't be reached. In CI that throws. */
export async function installPackages(): Promise<InstalledApp | string> {
  const temporary = await mkdtemp(join(tmpdir(), "shoal-installed-"));
  const folder = join(temporary, "app");
  const app: InstalledApp = {
    folder,
    write: (name, text) => writeFile(join(folder, name), text),
    run: (command, args) => run(command, args, folder),
    [Symbol.asyncDispose]: () => rm(temporary, { recursive: true, force: true }),
  };
  try {
    await mkdir(folder);
    const tarballs = await packAll(folder);
    await app.write("package.json", JSON.stringify({ private: true, type: "module" }));
    const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", ...tarballs, `onnxruntime-node@${await peerRange()}`];
    const installed = await npm(install, folder);
    if (installed.code === 0) return app;
    const unreachable = /\bE(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH)\b/.test(installed.err);
    if (!unreachable || process.env["CI"] === "true") throw new Error(`npm install failed:\n${installed.err}`);
    await app[Symbol.asyncDispose]();
    return "the package registry can't be reached; with it, npm test installs the packed packages and runs them";
  } catch (error) {
    await app[Symbol.asyncDispose]();
    throw error;
  }
}

/** Packs what would be published: every package that isn't private, freshly built, and the pages. */
async function packAll(folder: string): Promise<string[]> {
  must(await run(process.execPath, [join(workspace, "node_modules/typescript/bin/tsc"), "-b", ...(await publicPackages())], workspace));
  must(await run(process.execPath, [join(workspace, "packages/bundle-for-node.mjs")], workspace));
  for (const page of ["@shoal/volunteer", "@shoal/coordinator"]) must(await npm(["run", "build", "-w", page], workspace));
  return packPackages(folder);
}

function must(built: Ran): void {
  if (built.code !== 0) throw new Error(`The build failed:\n${built.out}${built.err}`);
}

async function peerRange(): Promise<string> {
  const { peerDependencies } = await manifest(join(workspace, "packages/backend-onnx-node"));
  return (peerDependencies as Record<string, string>)["onnxruntime-node"] as string;
}

function npm(args: readonly string[], cwd: string): Promise<Ran> {
  return run("npm", args, cwd);
}

function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  // What vitest told this process is not what a user's shell says.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS$|NODE_ENV$|VITEST|FORCE_COLOR$)/.test(name)));
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: { ...env, NO_COLOR: "1", ONNXRUNTIME_NODE_INSTALL: "skip" }, timeout: 120_000, maxBuffer: 2 ** 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, err: error === null ? err : `${err}\n${error.message}` });
    });
  });
}
