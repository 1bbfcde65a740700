import type { WriteStream } from "node:tty";
import type { RunEvent } from "@shoal/executor";
import { createLogUpdate } from "log-update";
import { progressLine, stageLine, startProgress, type Progress } from "./progress-lines.ts";

/** How often a pipe gets a line. */
const pipeIntervalMs = 5000;

export interface ProgressDisplay {
  onEvent(event: RunEvent): void;
  stop(): void;
}

/** Progress for a person: on a terminal one line per stage, kept up to date; on a pipe (and where `CI` is set) a line every few seconds. */
export function showProgress(stream: WriteStream): ProgressDisplay {
  const progress = startProgress();
  return stream.isTTY && process.env["CI"] === undefined ? terminal(stream, progress) : pipe(stream, progress);
}

function terminal(stream: WriteStream, progress: Progress): ProgressDisplay {
  const update = createLogUpdate(stream);
  return {
    onEvent(event) {
      progress.take(event);
      const message = announcement(event);
      if (message !== undefined) {
        update.clear();
        stream.write(`${message}\n`);
      }
      if (progress.stages.size > 0) update([...progress.stages.values()].map((stage) => stageLine(stage, progress)).join("\n"));
    },
    stop: () => update.done(),
  };
}

function pipe(stream: NodeJS.WritableStream, progress: Progress): ProgressDisplay {
  let due = pipeIntervalMs;
  return {
    onEvent(event) {
      progress.take(event);
      const message = announcement(event);
      if (message !== undefined) stream.write(`${message}\n`);
      if (progress.elapsedMs < due) return;
      due = progress.elapsedMs + pipeIntervalMs;
      stream.write(`${progressLine(progress)}\n`);
    },
    stop: () => {},
  };
}

/** What is worth a line of its own, for good. */
function announcement(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "notice": return `note: ${event.message}`;
    case "actor-lost": return `note: ${event.actor} was lost (${event.reason}); its rows go to another actor`;
    default: return undefined;
  }
}
