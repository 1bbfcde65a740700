import type { WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import type { AgentEvent } from "@shoal/cluster";
import { WorkLines } from "./work-lines.ts";

export interface WorkDisplay {
  take(event: AgentEvent): void;
  /** Ends it, with what was done; after a failure only where something was. */
  stop(hasFailed: boolean): void;
}

/** With `--quiet`: only that it can't connect, and that once. A connection that broke is made anew, and only where that fails is it said. */
export function quietWorkDisplay(stream: Pick<WriteStream, "write">): WorkDisplay {
  const lines = new WorkLines();
  let hasConnected = false;
  let hasSaid = false;
  return {
    take(event) {
      hasConnected ||= event.kind === "connected";
      if (event.kind !== "disconnected" || hasSaid || (hasConnected && event.error.code === "connection-lost")) return;
      const message = lines.take(event);
      hasSaid = message !== undefined;
      if (hasSaid) stream.write(`${message}\n`);
    },
    stop() {},
  };
}

const everyMs = 10_000;

/** A worker for a person: on a terminal one line kept up to date, on a pipe a line now and then; what happens has a line of its own. */
export function workDisplay(stream: WriteStream): WorkDisplay {
  const lines = new WorkLines();
  const isTerminal = stream.isTTY && process.env["CI"] === undefined;
  const update = isTerminal ? createLogUpdate(stream) : undefined;
  let said = "";
  let saidAt = performance.now();
  return {
    take(event) {
      const message = lines.take(event);
      if (message !== undefined) {
        update?.clear();
        stream.write(`${message}\n`);
      }
      if (update !== undefined) return update(lines.line);
      const now = performance.now();
      if (event.kind !== "progress" || now - saidAt < everyMs || lines.line === said) return;
      [said, saidAt] = [lines.line, now];
      stream.write(`${said}\n`);
    },
    stop(hasFailed) {
      update?.clear();
      update?.done();
      // Before an error such as a wrong link, "0 rows" would only be in its way.
      if (!hasFailed || lines.hasWorked) stream.write(`Done: ${lines.total}.\n`);
    },
  };
}
