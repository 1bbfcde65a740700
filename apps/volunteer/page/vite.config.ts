import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  // The coordinator may stand behind a path of its own.
  base: "./",
  resolve: { conditions: ["@shoal/source", ...defaultClientConditions] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
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
