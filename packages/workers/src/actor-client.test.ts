import { silentLogger, type ActorRequest } from "@shoal/core";
import { expect, test } from "vitest";
import { connectActor } from "./actor-client.ts";
import { actorHost } from "./hosts/actor-host.ts";
import type { ActorEvent, ActorLine } from "./actor-protocol.ts";

const request: ActorRequest = {
  spec: { kind: "declarative", name: "n", backend: "b", task: "t", model: "m", options: {}, reads: [], adds: [], phases: ["predict"] },
  policy: { batchSize: 1, maxBatchRows: 1, collapse: false, bisect: true }, device: "cpu", deviceIndex: 0, threads: 1,
};

test("what a predictor's own code writes to the channel is not taken for an event", async () => {
  let tell: (event: ActorEvent) => void = () => {};
  const line: ActorLine = { send: () => {}, onMessage: (listener) => void (tell = listener), closed: new Promise(() => {}), kill: () => {} };
  const connected = connectActor(line, request, new AbortController().signal, { id: "n#1" });
  for (const strange of [null, undefined, 7, "ready", [], {}, { kind: "other" }, { kind: null }]) tell(strange as unknown as ActorEvent);
  tell({ kind: "ready", device: "cpu", loadMs: 3 });
  expect(await connected).toMatchObject({ id: "n#1", device: "cpu", loadMs: 3 });
});

test("what ends one actor after another is shown once, with its stack", async () => {
  const warnings: string[] = [];
  const causes = ["boom", "boom", "bang"];
  const host = actorHost("fake", () => {
    let close = (_detail: string): void => {};
    const closed = new Promise<string>((resolve) => (close = resolve));
    return {
      closed, send: () => {}, kill: () => {},
      onMessage: (listener) => {
        listener({ kind: "dying", error: { code: "unexpected", message: causes.shift() ?? "", stack: "Error: at the line" } });
        close("exit code 1");
      },
    };
  }, { log: { ...silentLogger, warn: (message) => warnings.push(message) } });
  for (const cause of ["boom", "boom", "bang"]) await expect(host.spawn(request, new AbortController().signal)).rejects.toThrow(`exit code 1: ${cause}`);
  expect(warnings).toEqual([expect.stringMatching(/^n#1 ended: .*at the line/s), expect.stringMatching(/^n#3 ended: /)]);
});

test("a module that can't be loaded says what bundlers have to be told", async () => {
  const line: ActorLine = { send: () => {}, onMessage: () => {}, kill: () => {}, closed: Promise.resolve("error: its module could not be loaded") };
  await expect(connectActor(line, request, new AbortController().signal, { id: "n#1" })).rejects.toMatchObject({ code: "worker-lost", hint: expect.stringContaining('worker: { format: "es" }') as string });
});
