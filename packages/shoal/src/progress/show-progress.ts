import type { WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import type { ProgressDisplay } from "./progress-display.ts";
import { announcement, stageLines, startProgress } from "./progress-lines.ts";
import { progressOnPipe } from "./progress-on-pipe.ts";

/** Progress for a person: on a terminal one line per stage, kept up to date; on a pipe (and where `CI` is set) a line every few seconds. */
export function showProgress(stream: WriteStream): ProgressDisplay {
  return stream.isTTY && process.env["CI"] === undefined ? terminal(stream) : progressOnPipe((line) => void stream.write(`${line}\n`));
}

function terminal(stream: WriteStream): ProgressDisplay {
  const progress = startProgress();
  const update = createLogUpdate(stream);
  return {
    onEvent(event) {
      progress.take(event);
      const message = announcement(event);
      if (message !== undefined) {
        update.clear();
        stream.write(`${message}\n`);
      }
      if (progress.stages.size > 0) update(stageLines([...progress.stages.values()], stream.columns || Infinity).join("\n"));
    },
    stop: () => update.done(),
  };
}
