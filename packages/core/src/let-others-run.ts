import { systemClock, type Clock } from "./clock.ts";

const runMs = 2;

/**
 * A pause for long work on the actor's thread: now and then it lets everything else that waits there run, such as handing the device its
 * next batch. Gives nothing to wait for in between.
 */
export function letOthersRun(clock: Pick<Clock, "now"> = systemClock): () => Promise<void> | undefined {
  let since = clock.now();
  return () => {
    if (clock.now() - since < runMs) return undefined;
    return new Promise((resolve) => {
      soon(() => {
        since = clock.now();
        resolve();
      });
    });
  };
}

const paused: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Timers of browsers wait for some milliseconds, which adds up; a message of one's own comes after what waits, and no later. */
function soon(goOn: () => void): void {
  if ("setImmediate" in globalThis) return (globalThis as unknown as { setImmediate(run: () => void): void }).setImmediate(goOn);
  paused.push(goOn);
  channel ??= openChannel();
  channel.port2.postMessage(null);
}

function openChannel(): MessageChannel {
  const opened = new MessageChannel();
  opened.port1.addEventListener("message", () => paused.shift()?.());
  opened.port1.start();
  return opened;
}
