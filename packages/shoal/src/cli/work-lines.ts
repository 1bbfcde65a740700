import { downloadText } from "@shoal/core";
import { formatBytes, formatCount, plural } from "@shoal/executor";
import type { AgentEvent } from "@shoal/cluster";

/** How a worker stands, as its events tell. */
export class WorkLines {
  #state = "connecting …";
  #coordinator = "";
  #job = "";
  #segment = "";
  #device = "";
  #rows = 0;
  #blocks = 0;
  #rowsPerSecond = 0;
  #draining = false;
  #failure = "";

  /** What is to be said of it for good, if anything. */
  take(event: AgentEvent): string | undefined {
    switch (event.kind) {
      case "connecting":
        this.#state = "connecting …";
        return undefined;
      case "connected":
        this.#coordinator = event.coordinator ?? "";
        this.#state = "waiting for work";
        this.#failure = "";
        return `Connected to ${this.#coordinator}.`;
      case "disconnected":
        return this.#disconnected(event);
      case "job":
        this.#job = event.segment.jobName;
        this.#segment = event.segment.description.name;
        return `Job ${this.#job}: ${this.#segment}`;
      case "loading":
        this.#state = event.bytes === 0 ? "loading" : event.doneBytes < event.bytes ? `loading ${formatBytes(event.doneBytes)} of ${formatBytes(event.bytes)}` : `loading ${formatBytes(event.bytes)}`;
        return undefined;
      case "computing":
        this.#device = event.device;
        this.#state = "computing";
        return undefined;
      case "progress":
        [this.#rows, this.#blocks, this.#rowsPerSecond] = [event.rows, event.blocks, event.rowsPerSecond];
        return undefined;
      case "failed":
        return `note: ${event.error.message}`;
      case "notice":
        return `note: ${event.message}`;
      case "download":
        return `note: ${downloadText(event)}`;
      case "idle":
      case "resumed":
        this.#state = "waiting for work";
        return undefined;
      case "paused":
        this.#state = "paused";
        return undefined;
      case "job-ended":
        this.#job = this.#segment = "";
        return undefined;
      case "draining":
        this.#draining = true;
        return event.blocks === 0 ? `Ending: ${event.why}.` : `Ending: ${event.why}. Finishing ${plural(event.blocks, "block")}; Ctrl-C again stops at once.`;
      case "ended":
        return undefined;
    }
  }

  /** All in one line. */
  get line(): string {
    const work = this.#segment === "" ? [] : [this.#segment, ...(this.#device === "" ? [] : [this.#device])];
    const rate = this.#state === "computing" ? [`${formatCount(this.#rowsPerSecond)} rows/s`] : [];
    return [this.#draining ? "finishing" : this.#state, ...work, ...rate, this.total].join("  ");
  }

  get hasWorked(): boolean {
    return this.#blocks > 0 || this.#rows > 0;
  }

  /** What this worker has done. */
  get total(): string {
    return `${plural(this.#rows, "row")} in ${plural(this.#blocks, "block")}`;
  }

  /** Said once for each reason, however often it is tried. */
  #disconnected({ error, retryMs = 0 }: Extract<AgentEvent, { kind: "disconnected" }>): string | undefined {
    this.#state = `not connected, trying again in ${Math.ceil(retryMs / 1000)} s`;
    const { code, message, hint } = error.toData();
    if (message === this.#failure) return undefined;
    this.#failure = message;
    // What a lost connection advises, to connect again, is what happens.
    return `${message}${hint === undefined || code === "connection-lost" ? "" : ` ${hint}`} Trying again, as long as it takes.`;
  }
}
