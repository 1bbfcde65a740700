import type { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import type { Channel } from "./channel.ts";
import { memoryChannel } from "./memory-channel.ts";
import type { Header } from "./messages.ts";

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const cancel = (job: string): Header => ({ kind: "cancel", job });

/** Everything that an end hears. */
function heardBy(channel: Channel): unknown[] {
  const heard: unknown[] = [];
  channel.listen({
    message: (header, payload) => heard.push(payload === undefined ? (header as { job: string }).job : payload),
    closed: (reason?: ShoalError) => heard.push(reason === undefined ? "closed" : `closed: ${reason.message}`),
  });
  return heard;
}

test("messages arrive in order, later, and as the objects they are", async () => {
  const [near, far] = memoryChannel();
  const payload = new Uint8Array([1, 2, 3]);
  const heard = heardBy(far);
  near.send(cancel("a"));
  near.send({ kind: "file", sha256: "", offset: 0, last: true }, payload);
  near.send(cancel("b"));
  expect(heard).toEqual([]);
  await rest();
  expect(heard).toEqual(["a", payload, "b"]);
  expect(heard[1]).toBe(payload);
});

test("what comes before somebody listens is kept, and counted", async () => {
  const [near, far] = memoryChannel();
  near.send(cancel("a"), new Uint8Array(100));
  near.send(cancel("b"), new Uint8Array(10));
  await rest();
  expect([near.bufferedBytes, far.bufferedBytes]).toEqual([110, 0]);
  const seen: number[] = [];
  far.listen({ message: () => seen.push(near.bufferedBytes), closed: () => seen.push(-1) });
  await rest();
  expect(seen).toEqual([10, 0]);
});

test("what was sent before an end closes still goes, and nothing afterwards, either way", async () => {
  const [near, far] = memoryChannel();
  const [nearHeard, farHeard] = [heardBy(near), heardBy(far)];
  far.send(cancel("too late"));
  near.send(cancel("a"));
  near.close();
  near.send(cancel("lost"));
  near.close();
  await rest();
  far.send(cancel("lost"));
  far.close();
  await rest();
  expect(nearHeard).toEqual(["closed"]);
  expect(farHeard).toEqual(["a", "closed"]);
});

test("an end that listens late hears the rest and the close", async () => {
  const [near, far] = memoryChannel();
  near.send(cancel("a"));
  near.close();
  await rest();
  const heard = heardBy(far);
  await rest();
  expect(heard).toEqual(["a", "closed"]);
});

test("answers given while messages arrive do not overtake", async () => {
  const [near, far] = memoryChannel();
  const heard = heardBy(near);
  far.listen({ message: (header) => far.send(header), closed: () => {} });
  for (const job of ["a", "b", "c"]) near.send(cancel(job));
  await rest();
  expect(heard).toEqual(["a", "b", "c"]);
});

test("a listener that throws ends the link, and both ends learn why", async () => {
  const [near, far] = memoryChannel();
  const heard = heardBy(near);
  const reasons: unknown[] = [];
  far.listen({
    message: () => {
      throw new Error("no such job");
    },
    closed: (reason) => reasons.push(reason?.message),
  });
  near.send(cancel("a"));
  near.send(cancel("b"));
  await rest();
  expect(heard).toEqual(["closed: no such job"]);
  expect(reasons).toEqual(["no such job"]);
  expect(() => far.listen({ message: () => {}, closed: () => {} })).toThrow(/has a listener/);
});
