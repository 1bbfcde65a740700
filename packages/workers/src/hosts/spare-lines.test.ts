import { expect, test } from "vitest";
import type { ActorLine } from "../actor-protocol.ts";
import { SpareLines } from "./spare-lines.ts";

function lines(): { readonly open: () => ActorLine; readonly opened: ActorLine[]; readonly killed: ActorLine[] } {
  const opened: ActorLine[] = [];
  const killed: ActorLine[] = [];
  const open = (): ActorLine => {
    let end = (_detail: string): void => {};
    const closed = new Promise<string>((resolve) => (end = resolve));
    const line: ActorLine = {
      closed, send: () => {}, onMessage: () => {},
      kill: () => {
        killed.push(line);
        end("SIGKILL");
      },
    };
    opened.push(line);
    return line;
  };
  return { open, opened, killed };
}

test("a spare goes to whoever asks for what it was started with, the oldest first", () => {
  const { open, opened } = lines();
  const spares = new SpareLines();
  spares.add("", 2, open);
  spares.add("file:///job.ts", 1, open);
  expect(opened).toHaveLength(3);
  expect([spares.take(""), spares.take(""), spares.take("")]).toEqual([opened[0], opened[1], undefined]);
  expect(spares.take("file:///job.ts")).toBe(opened[2]);
});

test("those that nobody wanted end with their host, and none is started after", async () => {
  const { open, opened, killed } = lines();
  const spares = new SpareLines();
  spares.add("", 2, open);
  const taken = spares.take("");
  await spares[Symbol.asyncDispose]();
  expect(taken).toBe(opened[0]);
  expect(killed).toEqual([opened[1]]);
  spares.add("", 1, open);
  expect(opened).toHaveLength(2);
});
