import { blockFromRows, blockRows, type Block } from "@shoal/core";
import { expect, test } from "vitest";
import { FakeSocket } from "./fake-socket.fixture.ts";
import { memoryChannel } from "./memory-channel.ts";
import type { GatewayToWorker, WorkerToGateway } from "./messages.ts";
import { payloadOf, takeBlock } from "./own-blocks.ts";
import { socketChannel } from "./socket-channel.ts";

const rows = [{ n: 1, text: "one" }, { n: 2, text: null }];
const message = { kind: "block", task: { job: "j", segment: 0, block: 0, first: 0, rows: 2 }, attempt: { epoch: 1, number: 1 } } as const;

test("within a process the block itself arrives, for the first who asks; the next reads the bytes", async () => {
  const [near, far] = memoryChannel<GatewayToWorker, WorkerToGateway>();
  const block = blockFromRows(rows);
  const arrived = new Promise<readonly [Block, Block]>((resolve) => {
    far.listen({ message: (_, payload = new Uint8Array()) => resolve([takeBlock(payload), takeBlock(payload)]), closed: () => {} });
  });
  near.send(message, payloadOf(block));
  const [first, second] = await arrived;
  expect(first).toBe(block);
  expect(second).not.toBe(block);
  expect([...blockRows(second)]).toEqual(rows);
});

test("nothing is kept of what a socket takes", () => {
  const socket = new FakeSocket();
  const channel = socketChannel(socket, { side: "gateway", clock: { now: () => 0 } });
  socket.open();
  const block = blockFromRows(rows);
  const payload = payloadOf(block);
  channel.send(message, payload);
  expect(takeBlock(payload)).not.toBe(block);
});
