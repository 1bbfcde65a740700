// Packs what is published, built before: `npm run tarballs`, then `npm publish` of each tarball. What is packed are copies, in which the pages link to what is installed.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { packedPages } from "./packed-pages.ts";
import { manifest, publicPackages, workspace } from "./workspace.ts";

const run = promisify(execFile);

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** @returns the paths of the tarballs. */
export async function packPackages(destination: string): Promise<string[]> {
  const folders = await publicPackages();
  const copies = await mkdtemp(join(tmpdir(), "shoal-pack-"));
  try {
    const listed = await npmPack(["--dry-run", ...folders.flatMap((folder) => ["-w", folder])], workspace);
    const sources = new Map(await Promise.all(folders.map(async (folder) => [await nameOf(folder), join(workspace, folder)] as const)));
    for (const { name, files } of listed) {
      for (const { path } of files) await copy(join(sources.get(name) as string, path), join(copies, name, path));
      await copy(join(workspace, "LICENSE"), join(copies, name, "LICENSE"));
      const { private: _, ...published } = await manifest(join(copies, name));
      await writeFile(join(copies, name, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
    }
    for (const [place, text] of await packedPages()) await writeFile(join(copies, place), text);
    await mkdir(destination, { recursive: true });
    const packed = await npmPack(["--pack-destination", resolve(destination), ...listed.map(({ name }) => `./${name}`)], copies);
    return packed.map(({ filename }) => join(destination, filename.replace("@", "").replace("/", "-")));
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

async function npmPack(args: readonly string[], cwd: string): Promise<Packed[]> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", ...args], { cwd, maxBuffer: 2 ** 26, shell: process.platform === "win32" });
  return JSON.parse(stdout) as Packed[];
}

async function nameOf(folder: string): Promise<string> {
  return (await manifest(join(workspace, folder)))["name"] as string;
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const destination = process.argv[2] ?? "out/tarballs";
  const tarballs = await packPackages(destination);
  console.log(tarballs.map((path) => relative(process.cwd(), path)).join("\n"));
  // Whoever needs neither is spared what they depend on: of that on NATS a part says that it wants Node 22.
  const named = tarballs.filter((path) => !/^shoal-(engine-nats|testing)-/.test(basename(path))).map((path) => resolve(path));
  console.log(`\nIn your project:\n\nONNXRUNTIME_NODE_INSTALL=skip npm install ${named.join(" ")} onnxruntime-node\n\nFor several coordinators on one engine add shoal-engine-nats-….tgz, for tests of your own shoal-testing-….tgz.`);
}
