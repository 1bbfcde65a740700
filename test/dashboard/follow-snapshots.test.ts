import type { PackedSnapshot } from "@shoal/coordinator/dashboard/blocks/packed-runs.ts";
import { delayMs, followSnapshots, type Connection, type Parts } from "@shoal/coordinator/dashboard/connection/follow-snapshots.ts";
import { LineTooLong, readLines } from "@shoal/coordinator/dashboard/connection/read-lines.ts";
import { describe, expect, test } from "vitest";
import { scene } from "./scene.ts";

const encoder = new TextEncoder();

function stream(...chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

describe("lines", () => {
  const read = (...chunks: readonly (string | Uint8Array)[]) => collect(readLines(stream(...chunks)));

  test("come whole however they were cut, and half a line at the end is none", async () => {
    expect(await read("a\nb", "c\n", "\n", "d", "e\nhalf")).toEqual(["a", "bc", "de"]);
    const bytes = encoder.encode("früh\n😀\n");
    expect(await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(["früh", "😀"]);
  });

  test("that never end are given up", async () => {
    await expect(collect(readLines(stream("x".repeat(50), "y".repeat(60)), 100))).rejects.toThrow(LineTooLong);
  });
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Follows the answers one after another, and stops after the last. */
async function follow(answers: readonly (() => Response)[], parts: Partial<Parts> = {}) {
  const stop = new AbortController();
  const seen: { readonly connections: Connection[]; readonly snapshots: PackedSnapshot[]; unreadable: number; readonly waits: number[]; readonly asked: RequestInit[] } = { connections: [], snapshots: [], unreadable: 0, waits: [], asked: [] };
  let next = 0;
  await followSnapshots({
    address: { base: "http://here/shoal", token: "t" }, now: () => 0, random: () => 1, signal: stop.signal,
    fetch: async (url, init) => {
      expect(url).toBe("http://here/shoal/api/snapshots");
      seen.asked.push(init);
      const answer = answers[next++];
      if (answer !== undefined) return answer();
      stop.abort();
      throw new TypeError("over");
    },
    wait: async (ms) => void seen.waits.push(ms),
    onConnection: (connection) => void seen.connections.push(connection),
    onSnapshot: (snapshot) => void seen.snapshots.push(snapshot),
    onUnreadable: () => void seen.unreadable++,
    ...parts,
  });
  return seen;
}

const line = (second: number) => `${JSON.stringify(scene(second))}\n`;

describe("following a coordinator", () => {
  test("shows its token, leaves out what it can't read, and takes half a line for a cut", async () => {
    const seen = await follow([() => new Response(stream(line(1), "{nonsense\n", line(2), '{"at":3'))]);
    expect(seen.asked[0]?.headers).toEqual({ authorization: "Bearer t" });
    expect(seen.snapshots.map(({ at }) => at)).toEqual([scene(1).at, scene(2).at]);
    expect(seen.unreadable).toBe(1);
    expect(seen.connections).toEqual([{ kind: "connecting" }, { kind: "live" }, { kind: "reconnecting", why: "the stream ended", retryAt: 500 }]);
  });

  test("comes back after ever longer times, and after short ones again once it was let in", async () => {
    const down = () => { throw new TypeError("Failed to fetch"); };
    const seen = await follow([down, down, () => new Response(null, { status: 502 }), () => new Response(stream(line(1))), down]);
    expect(seen.waits).toEqual([500, 1000, 2000, 500, 1000]);
    expect(seen.connections.filter(({ kind }) => kind === "reconnecting").map((connection) => "why" in connection && connection.why)).toEqual([
      "the coordinator does not answer", "the coordinator does not answer", "the coordinator answered 502", "the stream ended", "the coordinator does not answer",
    ]);
    expect([1, 6, 60].map((failures) => [delayMs(failures, () => 0), delayMs(failures, () => 1)])).toEqual([[250, 500], [7500, 15_000], [7500, 15_000]]);
  });

  test.each([[401, "unknown"], [403, "not-for-this"]] as const)("does not knock again after %i", async (status, why) => {
    const seen = await follow([() => new Response(null, { status })]);
    expect(seen.connections.at(-1)).toEqual({ kind: "refused", why });
    expect(seen.waits).toEqual([]);
    expect(seen.asked).toHaveLength(1);
  });

  test("opens the stream anew after a long silence, and says nothing of it while the coordinator answers", async () => {
    let opened = 0;
    const stop = new AbortController();
    const seen = await follow([], {
      silenceMs: 5, signal: stop.signal,
      fetch: async (_, { signal }) => {
        if (++opened === 3) stop.abort();
        return new Response(new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(encoder.encode(line(opened)));
            signal?.addEventListener("abort", () => controller.error(signal.reason));
            if (signal?.aborted === true) controller.error(signal.reason);
          },
        }));
      },
    });
    expect(opened).toBe(3);
    expect(seen.snapshots.length).toBeGreaterThanOrEqual(2);
    expect(new Set(seen.connections.map(({ kind }) => kind))).toEqual(new Set(["connecting", "live"]));
    expect(seen.waits).toEqual([]);
  });
});
