// vitest in Chromium: what is run there is named *.chromium.ts. The browser is the one in the environment's CHROMIUM.
import { playwright } from "@vitest/browser-playwright";

// Without the first there is no WebGPU on a machine without a GPU; the others keep the browser from asking the network for anything.
const args = ["--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export default {
  resolve: { conditions: ["@shoal/source", "module", "browser", "development|production"] },
  // Only isolated pages have threads in wasm.
  server: { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } },
  // Its files must stay beside one another.
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  test: {
    include: ["test/runtimes/inside/*.chromium.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: "chromium" }],
      provider: playwright({ launchOptions: { executablePath: process.env.CHROMIUM, chromiumSandbox: false, args } }),
    },
  },
};
