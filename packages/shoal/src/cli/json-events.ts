import { jsonSafe } from "@shoal/core";
import type { RunEvent } from "@shoal/executor";

/** `--json`: each event of the run as one line, on standard output, or on standard error when the rows go to standard output. */
export class JsonEvents {
  #stream: NodeJS.WritableStream = process.stdout;

  /** Says where the rows go. */
  rowsTo(location: string | undefined): void {
    if (location === "-") this.#stream = process.stderr;
  }

  write(event: RunEvent): void {
    this.#stream.write(`${JSON.stringify(event, jsonSafe)}\n`);
  }
}
