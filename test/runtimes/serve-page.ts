import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions, preview, type Connect } from "vite";

const out = fileURLToPath(new URL("../out/", import.meta.url));

// Only isolated pages have threads in wasm.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** What Chromium is started with: without the first there is no WebGPU on a machine without a GPU; the others keep it from asking the network. */
export const chromiumArgs: readonly string[] = ["--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface ServedPage extends AsyncDisposable {
  readonly address: string;
  /** What was built. */
  readonly folder: string;
}

/** Builds a page with vite as a user would, and serves it. `folders`: what is served in place under a name, as name → folder. */
export async function servePage(page: URL, folders: Readonly<Record<string, string>> = {}): Promise<ServedPage> {
  const root = fileURLToPath(page);
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(`${out}page-`);
  await build({ root, logLevel: "error", resolve: { conditions: ["@shoal/source", ...defaultClientConditions] }, worker: { format: "es" }, build: { outDir: folder, target: "es2023" } });
  const server = await preview({
    root, configFile: false, logLevel: "error", build: { outDir: folder },
    preview: { port: 0, host: "127.0.0.1", headers },
    plugins: [{ name: "folders", configurePreviewServer: ({ middlewares }) => { for (const [name, at] of Object.entries(folders)) middlewares.use(`/${name}/`, serveFolder(at)); } }],
  });
  return {
    folder,
    address: String(server.resolvedUrls?.local[0]).replace(/\/$/, ""),
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serveFolder(folder: string): Connect.SimpleHandleFunction {
  return (request, response) => {
    const path = join(folder, normalize(new URL(request.url ?? "/", "http://page").pathname));
    void stat(path).then(
      ({ size }) => {
        response.writeHead(200, { ...headers, "content-length": size });
        createReadStream(path).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  };
}
