import { cp, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright";
import { build, preview, type PreviewServer } from "vite";
import { scratch } from "./inputs/inputs.ts";
import type { Measurement, Said } from "./measure.ts";
import type { Programs } from "./page/page.ts";
import { ThreadTime } from "./thread-time.ts";

/** What Chromium calls the thread of a worker. */
const workerThread = "DedicatedWorker";

const root = fileURLToPath(new URL("page/", import.meta.url));
// Without the first there is no WebGPU on a machine without a GPU; the others keep the browser from asking the network for anything.
const flags = ["--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A Chromium with the page of the benchmark, as vite builds it for production. */
export class Tab implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: PreviewServer;
  readonly #browser: Browser;
  #page: Page | undefined;

  private constructor(folder: string, server: PreviewServer, browser: Browser) {
    this.#folder = folder;
    this.#server = server;
    this.#browser = browser;
  }

  /** @param files what the page's server has besides, by its path there. */
  static async open(executablePath: string, files: Readonly<Record<string, string>>): Promise<Tab> {
    const folder = await mkdtemp(`${scratch}page-`);
    await build({ root, configFile: false, logLevel: "error", worker: { format: "es" }, build: { outDir: folder, target: "es2023" } });
    for (const [path, from] of Object.entries(files)) await cp(from, `${folder}/${path}`, { recursive: true });
    // Only isolated pages have threads in wasm.
    const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    const server = await preview({ root, configFile: false, logLevel: "error", build: { outDir: folder }, preview: { port: 0, host: "127.0.0.1", headers } });
    return new Tab(folder, server, await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: flags }));
  }

  /** A page that has kept nothing, loaded and idle. */
  async visit(): Promise<void> {
    await this.#page?.context().close();
    this.#page = await (await this.#browser.newContext()).newPage();
    await this.#page.goto(String(this.#server.resolvedUrls?.local[0]));
    await this.#page.waitForFunction("globalThis.programs !== undefined");
  }

  /**
   * Measured from the call in the loaded page. CPU time is that of the whole browser meanwhile, and in `workerSeconds` that of each worker
   * after the first rows, the busiest first; memory is not measured.
   */
  async measure<Name extends keyof Programs>(label: string, name: Name, ...given: Parameters<Programs[Name]>): Promise<Measurement> {
    if (this.#page === undefined) await this.visit();
    const cpuBefore = await this.#cpuSeconds();
    const threads = new ThreadTime(await this.#renderers());
    const began = Date.now() / 1000;
    const said: Said = await (this.#page as Page).evaluate(
      ([program, values]) => (globalThis as unknown as { programs: Record<string, (...values: unknown[]) => Promise<never>> }).programs[program as string]?.(...(values as unknown[])) as never,
      [name, given] as const,
    );
    threads.stop();
    const seconds = said.t_end - began;
    return {
      label, seconds,
      said: { ...said, workerSeconds: threads.seconds(workerThread, said.t_first, said.t_end) },
      rows: said.rows,
      firstRow: said.t_first - began,
      rowsPerSecond: said.rows / seconds,
      steady: (said.rows - said.n_first) / (said.t_end - said.t_first),
      cpuSeconds: (await this.#cpuSeconds()) - cpuBefore,
      peakMB: NaN,
      memory: [],
    };
  }

  async #cpuSeconds(): Promise<number> {
    return (await this.#processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  async #renderers(): Promise<number[]> {
    return (await this.#processes()).filter(({ type }) => type === "renderer").map(({ id }) => id);
  }

  async #processes() {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
