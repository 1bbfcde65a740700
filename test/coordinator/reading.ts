import type { Readable } from "node:stream";

/** What a process says, as it comes. */
export interface Reading {
  text(): string;
  /** Settles once what was said so far matches; rejects when it ended without. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

export function startReading(stream: Readable | null): Reading {
  let text = "";
  let ended = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  stream?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    tell();
  });
  stream?.on("close", () => {
    ended = true;
    tell();
  });
  return {
    text: () => text,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match === null && !ended) return;
          listeners.delete(look);
          if (match === null) reject(new Error(`It ended without saying ${String(pattern)}:\n${text}`));
          else resolve(match);
        };
        listeners.add(look);
        look();
      }),
  };
}
