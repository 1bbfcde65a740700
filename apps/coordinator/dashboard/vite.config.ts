import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  // Served under any base path.
  base: "./",
  worker: { format: "es" },
  // Nothing else need be built first.
  resolve: { conditions: ["@shoal/source", ...defaultClientConditions] },
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    target: "es2023",
    // The policy allows no inline script and no data: script, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
