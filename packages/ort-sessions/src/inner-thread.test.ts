import type { OnnxTensor } from "@shoal/core";
import { expect, test } from "vitest";
import { InnerThread } from "./inner-thread.ts";
import type { StartThread, ThreadRequest } from "./thread-protocol.ts";

const tensor = (data: Float32Array): OnnxTensor => ({ type: "float32", shape: [data.length], data });

/** What the thread got of the feeds, and what was transferred to it. */
async function sent(feeds: Record<string, OnnxTensor>, movesFeeds?: boolean): Promise<{ readonly got: Record<string, readonly number[]>; readonly transfer: readonly ArrayBuffer[] }> {
  const posted: [ThreadRequest, ArrayBuffer[]][] = [];
  const start: StartThread = (settle) => ({
    post(request, transfer) {
      posted.push([structuredClone(request, { transfer }), transfer]);
      settle({ id: request.id, value: {} });
    },
    terminate() {},
  });
  await using thread = new InnerThread(new AbortController().signal, start);
  await thread.perform({ kind: "run", session: 1, feeds, keep: [], lastPosition: [], ...(movesFeeds === undefined ? {} : { movesFeeds }) });
  const [request, transfer] = posted[0] as [ThreadRequest, ArrayBuffer[]];
  const { feeds: received } = request.operation as { readonly feeds: Record<string, OnnxTensor> };
  return { got: Object.fromEntries(Object.entries(received).map(([name, { data }]) => [name, [...(data as Float32Array)]])), transfer };
}

test("the caller keeps what it feeds", async () => {
  const x = Float32Array.of(1, 2, 3);
  expect((await sent({ x: tensor(x) })).got).toEqual({ x: [1, 2, 3] });
  expect([...x]).toEqual([1, 2, 3]);
});

test("feeds that may move are not copied, unless they share memory with others", async () => {
  const whole = Float32Array.of(1, 2, 3);
  const column = Float32Array.of(4, 5, 6, 7);
  const { got, transfer } = await sent({ whole: tensor(whole), same: tensor(whole), part: tensor(column.subarray(1, 3)) }, true);
  expect(got).toEqual({ whole: [1, 2, 3], same: [1, 2, 3], part: [5, 6] });
  expect(whole.length).toBe(0);
  expect([...column]).toEqual([4, 5, 6, 7]);
  expect(transfer).toHaveLength(3);
});
