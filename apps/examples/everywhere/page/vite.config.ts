import { defaultClientConditions, defineConfig } from "vite";

// Isolated pages may share memory between threads: WASM then uses several.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  base: "./",
  // Of this repository's packages the sources; a project that installed shoal leaves this line out.
  resolve: { conditions: ["@shoal/source", ...defaultClientConditions] },
  server: { headers },
  preview: { headers },
  worker: { format: "es" },
  build: { target: "es2023" },
});
