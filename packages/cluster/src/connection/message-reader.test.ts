import { ShoalError, type ErrorData, type RowFailure } from "@shoal/core";
import { describe, expect, test } from "vitest";
import type { Side } from "./channel-side.ts";
import { encodeMessage } from "./encode-message.ts";
import { encodeHead, joinFrame } from "./frames.ts";
import { defaultConnectionLimits } from "./limits.ts";
import { MessageReader } from "./message-reader.ts";
import { ofDrivers, ofWorkers, toDrivers, toWorkers } from "./messages.fixture.ts";
import { protocolVersion, type Header } from "./messages.ts";

const families = [["gateway", ofWorkers], ["gateway", ofDrivers], ["worker", toWorkers], ["driver", toDrivers]] as const;
type Samples = (typeof families)[number][1];
/** With which a connection begins. */
const greetingOf = ([first]: Samples): Uint8Array<ArrayBuffer> => encodeMessage((first as readonly [Header])[0]);
const text = (json: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
const frameOf = (json: unknown, payload?: Uint8Array): Uint8Array<ArrayBuffer> => joinFrame(encodeHead(text(json)), payload);
const hello = { kind: "hello", protocol: protocolVersion, role: "worker", name: "laptop" };
const greeted = (side: Side = "gateway", role = "worker"): MessageReader<Side> => {
  const reader = new MessageReader(side);
  reader.read(frameOf(side === "gateway" ? { ...hello, role } : { kind: "welcome", protocol: protocolVersion, key: "k", name: "c", beatMs: 1 }));
  return reader;
};
const refusal = (read: () => unknown): ShoalError => {
  try {
    read();
  } catch (error) {
    if (ShoalError.is(error)) return error;
    throw error;
  }
  throw new Error("it was taken");
};

test.each(families)("what the %s takes arrives as it was sent, every field of it", (side, samples) => {
  const reader = new MessageReader(side);
  for (const [header, payload] of samples) expect(reader.read(encodeMessage(header, payload))).toEqual({ header, payload });
});

test.each(families)("fields that a later version may add are dropped on their way to the %s", (side, samples) => {
  const reader = new MessageReader(side);
  for (const [header, payload] of samples) expect(reader.read(frameOf({ ...header, later: { deep: [1] } }, payload)).header).toEqual(header);
});

test.each(families)("a field that is missing or of another type is named, on its way to the %s", (side, samples) => {
  for (const [header, payload] of samples.slice(1)) {
    for (const field of Object.keys(header)) {
      if (field === "kind") continue;
      const reader = new MessageReader(side);
      reader.read(greetingOf(samples));
      const error = refusal(() => reader.read(frameOf({ ...header, [field]: { "": [] } }, payload)));
      expect(error.code).toBe("bad-message");
      expect(error.message).toContain(`"${header.kind}"`);
      expect(error.message).toContain(field);
    }
  }
});

describe("who may say what", () => {
  test("hello comes first, and once", () => {
    expect(refusal(() => new MessageReader("gateway").read(frameOf({ kind: "draining", finishing: [] }))).message).toContain("hello comes first");
    expect(refusal(() => new MessageReader("worker").read(frameOf({ kind: "drain", why: "" }))).message).toContain("welcome comes first");
    expect(refusal(() => greeted().read(frameOf(hello))).code).toBe("bad-message");
  });

  test("each role says what is its own", () => {
    expect(refusal(() => greeted("gateway", "worker").read(frameOf({ kind: "cancel", job: "j" }))).message).toContain('"cancel"');
    expect(refusal(() => greeted("gateway", "driver").read(frameOf({ kind: "draining", finishing: [] }))).message).toContain('"draining"');
    expect(refusal(() => greeted("worker").read(frameOf({ kind: "ask", job: "j", segment: 0, blocks: 1 }))).code).toBe("bad-message");
  });

  test.each(["toString", "__proto__", "constructor", "", 7, null, { a: 1 }])("%j is no kind", (kind) => {
    expect(refusal(() => greeted().read(frameOf(`{"kind":${JSON.stringify(kind)}}`))).code).toBe("bad-message");
  });

  test("bytes come with the kinds that carry some", () => {
    expect(refusal(() => new MessageReader("gateway").read(frameOf(hello, new Uint8Array(8)))).message).toContain("no use for any");
    expect(refusal(() => greeted("gateway", "driver").read(frameOf({ kind: "offer", job: "j", segment: 0, block: 0, rows: 1 }))).message).toContain("no bytes");
  });
});

describe("versions", () => {
  test.each([[protocolVersion + 1, "coordinator"], [0, "side that connects"]])("the older of %i and ours is told to update", (protocol, older) => {
    // Of the rest of a later version's hello nothing is known.
    const error = refusal(() => new MessageReader("gateway").read(frameOf({ kind: "hello", protocol, who: { name: "x" } })));
    expect(error.code).toBe("protocol-mismatch");
    expect(error.hint).toContain(older);
  });

  test("a worker sees a coordinator of another version", () => {
    const error = refusal(() => new MessageReader("worker").read(frameOf({ kind: "welcome", protocol: protocolVersion + 1 })));
    expect(error).toMatchObject({ code: "protocol-mismatch", hint: expect.stringContaining("at the worker") });
  });
});

describe("bounds", () => {
  const beat = { kind: "beat", rows: 0, state: "waiting" };

  test.each<[string, unknown]>([
    ["a fraction", { ...beat, rows: 0.5 }], ["a negative number", { ...beat, rows: -1 }], ["more rows than a block has", { ...beat, rows: 2 ** 31 }], ["a string", { ...beat, rows: "1" }],
    ["infinity", '{"kind":"beat","rows":1e999,"state":"waiting"}'], ["a long text", { ...beat, notice: "x".repeat(5000) }], ["an unknown state", { ...beat, state: "asleep" }],
    ["a number beyond whole ones", { kind: "draining", finishing: [2 ** 53] }], ["null for absent", { ...beat, running: null }],
    ["control characters in a name", { kind: "failed", task: { job: "a\u0000b", segment: 0, block: 0, first: 0, rows: 1 }, attempt: { epoch: 0, number: 0 }, failure: "row", error: { code: "c", message: "m" } }],
  ])("%s is refused", (_what, json) => {
    expect(refusal(() => greeted().read(frameOf(json))).code).toBe("bad-message");
  });

  test("at most 1,024 tasks are leased at once", () => {
    const task = { task: { job: "j", segment: 0, block: 0, first: 0, rows: 1 }, attempt: { epoch: 0, number: 0 }, bytes: 1 };
    const lease = (tasks: number) => frameOf({ kind: "lease", lease: 0, leaseMs: 1, duplicate: false, tasks: Array.from({ length: tasks }, () => task) });
    expect(greeted("worker").read(lease(1024)).header).toMatchObject({ tasks: { length: 1024 } });
    expect(refusal(() => greeted("worker").read(lease(1025))).code).toBe("bad-message");
  });

  test.each(["../model.onnx", "/etc/passwd", "a//b", "a/./b", "a\\b", "C:/x", "", "a/.."])("%j is no path in a model", (path) => {
    const submit = JSON.stringify(ofDrivers[1]?.[0]).replace('"onnx/model.onnx"', JSON.stringify(path));
    expect(refusal(() => greeted("gateway", "driver").read(frameOf(submit))).message).toContain("path");
  });

  test("nesting is counted before the JSON is parsed, and not in texts", () => {
    const nested = (depth: number): string => `{"kind":"beat","rows":0,"state":"waiting","later":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(greeted().read(frameOf(nested(15))).header.kind).toBe("beat");
    expect(refusal(() => greeted().read(frameOf(nested(16)))).message).toContain("deeper than 16");
    expect(refusal(() => greeted().read(frameOf("[".repeat(200_000)))).message).toContain("deeper");
    expect(greeted().read(frameOf({ ...beat, notice: `"\\${"[{".repeat(100)}` })).header).toMatchObject({ rows: 0 });
  });

  test("headers have a length; those that list failures a longer one", () => {
    const long = "x".repeat(defaultConnectionLimits.headerBytes);
    expect(refusal(() => greeted().read(frameOf({ ...beat, later: long }))).code).toBe("message-too-large");
    const [result, payload] = ofWorkers[3] as readonly [Header, Uint8Array];
    expect(greeted().read(frameOf({ ...result, later: long }, payload)).header).toEqual(result);
    // Not by its word alone.
    expect(refusal(() => greeted().read(frameOf(`{"later":"${long}","kind":"result"}`, payload))).code).toBe("message-too-large");
  });

  test("prototypes are left alone", () => {
    const error = { code: "c", message: "m" };
    const failed = { kind: "failed", task: { job: "__proto__", segment: 0, block: 0, first: 0, rows: 1 }, attempt: { epoch: 0, number: 0 }, failure: "row" };
    const { header } = greeted().read(frameOf(`${JSON.stringify({ ...failed, error }).slice(0, -1)},"__proto__":{"polluted":true}}`));
    expect([Object.getPrototypeOf(header), (header as { polluted?: unknown }).polluted]).toEqual([Object.prototype, undefined]);
    const inDetails = JSON.stringify({ ...failed, error: { ...error, details: { x: 1 } } }).replace('"x"', '"__proto__"');
    expect(refusal(() => greeted().read(frameOf(inDetails))).code).toBe("bad-message");
    const counts = JSON.stringify(ofWorkers[3]?.[0]).replace('"realTokens"', '"__proto__"');
    const read = greeted().read(frameOf(counts, new Uint8Array(8))).header as unknown as { stats: { counts: object } };
    expect([Object.keys(read.stats.counts), Object.getPrototypeOf(read.stats.counts)]).toEqual([[], Object.prototype]);
  });
});

describe("errors travel in a form that is taken", () => {
  const endless: ErrorData = { code: "c".repeat(1000), message: "m".repeat(1e6), hint: "h".repeat(1e6), stack: "s".repeat(1e6), details: { big: 1n, all: "x".repeat(1e6) } };
  const chain = (depth: number): ErrorData => (depth === 0 ? endless : { ...endless, cause: chain(depth - 1) });

  test("long texts are cut, and what is no JSON is left out", () => {
    const [failed] = ofWorkers[5] as readonly [Header & { kind: "failed" }];
    const { header } = greeted().read(encodeMessage({ ...failed, error: chain(40) }));
    const { error } = header as { error: ErrorData };
    expect([error.message.length, error.stack?.length, error.hint?.length, error.details]).toEqual([16_384, 16_384, 4_096, undefined]);
    expect(error.cause?.cause?.cause?.cause?.cause).toBe(undefined);
  });

  test.each([1, 100, 4_096, 100_000])("%i rows that failed are all named", (rows) => {
    const failures = Array.from({ length: rows }, (_, row): RowFailure => ({ row, attempts: 1, error: { ...endless, code: "bad-row", message: `Row ${row}: ${"m".repeat(1000)}`, hint: "Look at it." } }));
    const [result, payload] = ofWorkers[3] as readonly [Header & { kind: "result" }, Uint8Array];
    const { header } = greeted().read(encodeMessage({ ...result, failures }, payload));
    const read = header as typeof result;
    expect(read.failures.map(({ row }) => row)).toEqual(failures.map(({ row }) => row));
    expect(read.failures.at(-1)?.error.message).toMatch(/^Row \d/);
  });

  test("a message that can't be sent says so", () => {
    const [offer] = ofDrivers[4] as readonly [Header];
    expect(refusal(() => encodeMessage(offer, new Uint8Array(defaultConnectionLimits.frameBytes))).code).toBe("message-too-large");
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(refusal(() => encodeMessage({ ...offer, circle } as unknown as Header)).code).toBe("bad-message");
  });
});

test("bytes at random, and messages with bytes changed, are read or refused, and never anything else", () => {
  let state = 5;
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const random = {
    chance: (probability: number): boolean => next() < probability,
    between: (least: number, most: number): number => least + Math.floor(next() * (most - least + 1)),
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  };
  let [taken, refused] = [0, 0];
  for (let round = 0; round < 4000; round++) {
    const [side, samples] = random.pick(families);
    const [header, payload] = random.pick<readonly [Header, Uint8Array?]>(samples);
    const reader = new MessageReader<Side>(side);
    reader.read(greetingOf(samples));
    let frame = random.chance(0.1) ? Uint8Array.from({ length: random.between(0, 200) }, () => random.between(0, 255)) : encodeMessage(header, payload);
    for (let change = random.between(0, 4); change > 0 && frame.length > 0; change--) frame[random.between(0, Math.min(frame.length - 1, 400))] = random.between(0, 255);
    if (random.chance(0.2)) frame = frame.subarray(0, random.between(0, frame.length));
    try {
      reader.read(frame);
      taken++;
    } catch (error) {
      if (!ShoalError.is(error)) throw error;
      refused++;
    }
  }
  expect(taken).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(1000);
});
