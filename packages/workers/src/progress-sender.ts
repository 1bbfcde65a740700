import type { ActorProgress } from "@shoal/core";

/** Batches that take less are quick. What need not be told at once is told so much later, which makes it one message of many. */
export const progressDelayMs = 50;

/**
 * Work that begins is told at once: what follows may block this thread, or end the process, and the watchdog outside must know what did. All else can wait a little.
 * Where no predictor's own code can block this thread, quick batches can wait too: a message for each wakes two processes for some 200 µs in all, beside batches of 8 ms.
 * Between two messages about those it is not known outside which rows are on the device, and none are named, until one takes longer.
 * @param mayBlock the predictor runs code of its own in this thread
 */
export function progressSender(send: (progress: ActorProgress) => void, mayBlock: boolean): (progress: ActorProgress) => void {
  let told: ActorProgress = { phase: "idle", ticks: 0 };
  let latest = told;
  let batch: ActorProgress["rows"];
  let beganAt = 0;
  let isQuick = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const { rows, ...rest } = latest;
    const names = rows !== undefined && !(isQuick && performance.now() - beganAt < progressDelayMs);
    told = names ? latest : rest;
    send(told);
    if (rows !== undefined && !names) tellLater();
  };
  const tellLater = (): void => void (timer ??= setTimeout(tell, progressDelayMs));

  return (progress) => {
    latest = progress;
    const { phase, rows } = progress;
    const isNew = rows !== undefined && rows !== batch;
    if (isNew) {
      const now = performance.now();
      isQuick = !mayBlock && batch !== undefined && now - beganAt < progressDelayMs;
      beganAt = now;
    }
    batch = rows;
    const nobodyNamed = isQuick && told.phase === phase && told.rows === undefined;
    if (phase !== "idle" && (phase !== told.phase || isNew) && !nobodyNamed) tell();
    else tellLater();
  };
}
