import type { AgentReport, AgentToPage, BeginMessage, PageToAgent } from "./agent-port.ts";
import { isNotLoaded } from "./is-not-loaded.ts";

export interface AgentTetherParts {
  readonly createWorker: () => Worker;
  /** What a worker is told first; asked anew whenever one is started. */
  readonly begin: () => BeginMessage;
  readonly onReport: (report: AgentReport) => void;
  /** The worker is gone without having ended; another one comes after `retryMs`. */
  readonly onCrash: (message: string, retryMs: number) => void;
  /** Its script could not be had; it is tried again after `retryMs`. */
  readonly onNotLoaded: (retryMs: number) => void;
}

const firstRetryMs = 1000;
const longestRetryMs = 60_000;

/** Holds the worker that the agent lives in, and starts another one, ever more slowly, when it crashes. */
export class AgentTether {
  readonly #parts: AgentTetherParts;
  #worker: Worker | undefined;
  #crashes = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: AgentTetherParts) {
    this.#parts = parts;
  }

  /** Starts a worker, in place of one that is there. */
  start(): void {
    this.end();
    const worker = this.#parts.createWorker();
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<AgentToPage>) => {
      if (worker !== this.#worker) return;
      if (data.kind === "crashed") return this.#crashed(data.error.message);
      if (data.kind === "progress") this.#crashes = 0;
      this.#parts.onReport(data);
    });
    worker.addEventListener("error", (event: Event & { readonly message?: string }) => {
      event.preventDefault();
      if (worker === this.#worker) this.#crashed(event.message ?? "");
    });
    worker.postMessage(this.#parts.begin() satisfies PageToAgent);
  }

  /** Whether there is a worker now; not so between a crash and the next one. */
  get alive(): boolean {
    return this.#worker !== undefined;
  }

  send(message: PageToAgent): void {
    this.#worker?.postMessage(message);
  }

  /** Ends the worker at once, with what it computes. */
  end(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #crashed(message: string): void {
    this.end();
    const retryMs = Math.min(firstRetryMs * 2 ** this.#crashes, longestRetryMs);
    this.#crashes += 1;
    this.#retry = setTimeout(() => this.start(), retryMs);
    // A script that could not be had is an event without words.
    if (message === "" || isNotLoaded(message)) this.#parts.onNotLoaded(retryMs);
    else this.#parts.onCrash(message, retryMs);
  }
}
