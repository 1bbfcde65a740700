import { jsonSafe } from "@shoal/core";
import type { RunEvent } from "@shoal/executor";
import type { Links } from "./links-text.ts";

/** What the command itself tells, beside the events of its runs. */
export interface CommandEvent {
  readonly kind: "links";
  readonly url: string;
  readonly links: Links;
}

/** `--json`: each event of the run as one line, on standard output, or on standard error when the rows go to standard output. */
export class JsonEvents {
  #stream: NodeJS.WritableStream = process.stdout;

  /** Says where the rows go. */
  rowsTo(location: string | undefined): void {
    if (location === "-") this.#stream = process.stderr;
  }

  write(event: RunEvent | CommandEvent): void {
    this.#stream.write(`${JSON.stringify(event, jsonSafe)}\n`);
  }
}
