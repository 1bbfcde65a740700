import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { findChromium } from "./test/runtimes/find-chromium.ts";

// Workspace packages resolve to the .ts files being edited, so tests need no build.
const source = "@shoal/source";
const conditions = [source, ...defaultServerConditions];

const node: TestProjectConfiguration = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: "node",
    include: ["{packages,apps}/*/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/*.browser.test.ts", "**/node_modules/**"],
    // Worker threads would share one process with native runtimes, which can abort it.
    pool: "forks",
    globalSetup: "./test/everywhere/file-server.ts",
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
};

const portable = "{core,planner,executor,dataset,io}";
const executablePath = findChromium();

const chromium: TestProjectConfiguration = {
  resolve: { conditions: [source, ...defaultClientConditions] },
  // Found while tests run, they would have the page reloaded.
  optimizeDeps: { include: ["apache-arrow", "hyparquet", "hyparquet-compressors", "hyparquet-writer", "hyparquet-writer/src/column.js", "hyparquet-writer/src/dremel.js", "hyparquet-writer/src/schema.js", "papaparse", "picomatch"] },
  test: {
    name: "chromium",
    include: [`packages/${portable}/src/**/*.test.ts`, "packages/backend-transformers/src/**/*.browser.test.ts", "test/everywhere/**/*.test.ts", "test/runtimes/*.browser.test.ts"],
    exclude: ["**/*.node.test.ts", "**/node_modules/**"],
    globalSetup: "./test/everywhere/file-server.ts",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: "chromium" }],
      provider: playwright({
        launchOptions: {
          ...(executablePath === undefined ? {} : { executablePath }),
          chromiumSandbox: false,
          args: ["--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        },
      }),
    },
  },
};

export default defineConfig({
  test: {
    projects: executablePath === undefined ? [node] : [node, chromium],
    maxWorkers: 2,
    coverage: { include: ["{packages,apps}/*/src/**/*.ts"] },
  },
});
