import { expect, test } from "vitest";
import type { FromThread } from "../decode-thread-messages.ts";
import { startNodeThread } from "./node-thread.ts";

test("a thread is given nothing before it has begun, so its start is not counted as work on a file", async () => {
  const thread = await startNodeThread();
  const heard: FromThread[] = [];
  await new Promise<void>((resolve, reject) => {
    thread.listen((message) => {
      heard.push(message);
      resolve();
    }, reject);
    thread.post({ kind: "start", job: "none", argument: {} }, []);
  });
  expect(heard).toMatchObject([{ kind: "failed", settled: true }]);
  await thread.end();
});

test("one that does not begin is the machine's fault, and no file's", async () => {
  await expect(startNodeThread(1)).rejects.toMatchObject({ code: "decoder-not-started", name: "ShoalError" });
});
