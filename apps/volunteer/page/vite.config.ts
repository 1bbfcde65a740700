import { gzipSync } from "node:zlib";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

type Bundle = Parameters<Extract<Plugin["generateBundle"], (...parts: never) => unknown>>[1];

const smallestCompressed = 16 * 1024;

/** Puts `x.gz` beside each large `x` of text or WebAssembly: a coordinator sends that where a browser takes it, and compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const { name, content } of filesOf(bundle)) {
        if (content.byteLength < smallestCompressed || !/\.(js|css|wasm|svg|json)$/.test(name)) continue;
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(content) });
      }
    },
  };
}

function filesOf(bundle: Bundle): { readonly name: string; readonly content: Buffer }[] {
  return Object.values(bundle).map((file) => ({ name: file.fileName, content: Buffer.from(file.type === "asset" ? file.source : file.code) }));
}

/** Writes about how many bytes Start loads, so that the page can say it: scripts, and ONNX Runtime; a tab that has a graphics card tries both of its builds. */
function programSize(): Plugin {
  return {
    name: "program-size",
    apply: "build",
    generateBundle(_options, bundle) {
      const all = new Map(filesOf(bundle).map(({ name, content }) => [name, content.byteLength]));
      const files = [...all].map(([name, bytes]) => ({ name, bytes: all.get(`${name}.gz`) ?? bytes }));
      const sum = (is: (name: string) => boolean): number => files.filter(({ name }) => is(name)).reduce((total, { bytes }) => total + bytes, 0);
      // The page's own script and style are there already.
      const scripts = sum((name) => name.endsWith(".js") && !/\bindex-[^/]*$/.test(name));
      const isWasm = (name: string): boolean => name.endsWith(".wasm");
      const forGpu = (name: string): boolean => /\.(asyncify|jspi|jsep)\b/.test(name);
      const source = JSON.stringify({ webgpu: scripts + sum(isWasm), wasm: scripts + sum((name) => isWasm(name) && !forGpu(name)) });
      this.emitFile({ type: "asset", fileName: "program-size.json", source });
    },
  };
}

export default defineConfig({
  // The coordinator may stand behind a path of its own.
  base: "./",
  resolve: { conditions: ["@shoal/source", ...defaultClientConditions] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [compressed(), programSize()],
  worker: { format: "es" },
  build: {
    outDir: "../dist/page",
    emptyOutDir: true,
    target: "es2023",
    // The page's policy allows nothing that is not a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
  },
});
