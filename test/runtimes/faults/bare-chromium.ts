// Chromium with a window, spoken to by its own protocol alone: what drives it otherwise keeps every page believing that it is seen.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Evaluate } from "./fault-tab.ts";

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

export interface BareTab {
  readonly evaluate: Evaluate;
  /** Puts it in front of the others. */
  show(): Promise<void>;
  close(): Promise<void>;
}

export interface TabOptions {
  /** It is the only one in a window of its own. */
  readonly ownWindow?: boolean;
  /** Evaluated in each worker of the page, before anything of the worker. */
  readonly beforeWorkers?: string;
}

export interface BareChromium extends AsyncDisposable {
  /** A new tab, in front of the others of its window. */
  open(address: string, options?: TabOptions): Promise<BareTab>;
}

/** A display for windows, for as long as it is held; nobody sees it. */
async function startDisplay(): Promise<{ readonly name: string; readonly process: ChildProcess }> {
  const display = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = (await Promise.race([
    once(display.stdio[3] as Readable, "data"),
    once(display, "exit").then(([code]) => Promise.reject(new Error(`Xvfb gave no display: it ended with ${code}.`))),
  ])) as [Buffer];
  return { name: `:${number.toString().trim()}`, process: display };
}

export async function startBareChromium(executablePath: string, args: readonly string[]): Promise<BareChromium> {
  const display = await startDisplay();
  const profile = await mkdtemp(join(tmpdir(), "shoal-chromium-"));
  const browser = spawn(executablePath, ["--no-sandbox", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--no-default-browser-check", ...args, "about:blank"], {
    env: { ...process.env, DISPLAY: display.name }, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const gone = once(browser, "exit");
  /** By session of the page: what is evaluated in its workers. */
  const beforeWorkers = new Map<string, string>();
  const onEvent = (method: string, { sessionId: worker }: Readonly<Record<string, unknown>>, page: string | undefined): void => {
    const expression = method === "Target.attachedToTarget" && page !== undefined ? beforeWorkers.get(page) : undefined;
    if (expression === undefined) return;
    // A worker that is gone before it began needs nothing.
    const tell = (what: string, params: object): void => void send(what, params, worker as string).catch(() => {});
    tell("Runtime.evaluate", { expression });
    tell("Runtime.runIfWaitingForDebugger", {});
  };
  const send = connect(browser.stdio[3] as Writable, browser.stdio[4] as Readable, gone.then(([code, signal]) => new Error(`Chromium ended: ${code ?? signal}.`)), onEvent);

  return {
    async open(url, { ownWindow = false, beforeWorkers: expression } = {}) {
      const { targetId } = await send("Target.createTarget", { url: expression === undefined ? url : "about:blank", newWindow: ownWindow });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      if (expression !== undefined) {
        beforeWorkers.set(sessionId as string, expression);
        await send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }, sessionId as string);
        await send("Page.navigate", { url }, sessionId as string);
      }
      return {
        async evaluate<T>(expression: string): Promise<T> {
          const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId as string);
          if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
          return (result as { readonly value: T }).value;
        },
        show: async () => void (await send("Target.activateTarget", { targetId })),
        close: async () => void (await send("Target.closeTarget", { targetId })),
      };
    },
    async [Symbol.asyncDispose]() {
      browser.kill("SIGKILL");
      await gone;
      display.process.kill();
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

type Send = (method: string, params: object, sessionId?: string) => Promise<Readonly<Record<string, unknown>>>;

/** The browser's protocol over two pipes: JSON, each message closed by a zero. */
function connect(to: Writable, from: Readable, gone: Promise<Error>, onEvent: (method: string, params: Readonly<Record<string, unknown>>, sessionId: string | undefined) => void): Send {
  const open = new Map<number, { readonly resolve: (result: Readonly<Record<string, unknown>>) => void; readonly reject: (error: Error) => void }>();
  let rest = "";
  let calls = 0;
  from.setEncoding("utf8").on("data", (text: string) => {
    const messages = `${rest}${text}`.split("\0");
    rest = messages.pop() as string;
    for (const { id, result, error, method, params, sessionId } of messages.map((message) => JSON.parse(message) as Answer)) {
      if (method !== undefined) onEvent(method, params ?? {}, sessionId);
      if (id === undefined) continue;
      if (error === undefined) open.get(id)?.resolve(result ?? {});
      else open.get(id)?.reject(new Error(error.message));
      open.delete(id);
    }
  });
  void gone.then((error) => open.forEach(({ reject }) => reject(error)));
  to.on("error", () => {});
  return (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      open.set(id, { resolve, reject });
      to.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`);
    });
}
