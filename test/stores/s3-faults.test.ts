// What a client of S3 has to live with: answers that don't come, come late, or say that it is too much.
import { sha256Of } from "@shoal/cluster";
import { openStore, s3Blobs, type S3Credentials, type S3Options } from "@shoal/cluster/stores";
import { systemClock, type Clock, type ShoalError } from "@shoal/core";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { startFakeS3, type FakeS3, type Fault } from "./fake-s3.ts";

let fake: FakeS3;
let options: S3Options;
let slept: number[];
let blob: { readonly sha256: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string };
beforeEach(async () => {
  const started = await startFakeS3();
  onTestFinished(() => started[Symbol.asyncDispose]());
  fake = started;
  slept = [];
  // Waits between tries take no time; only what waits for an answer does.
  const clock: Clock = { now: () => systemClock.now(), sleep: (ms, signal) => (signal === undefined ? (slept.push(ms), systemClock.sleep(1)) : systemClock.sleep(ms, signal)) };
  options = { ...fake.options, clock, random: () => 0.5 };
  const bytes = crypto.getRandomValues(new Uint8Array(1000));
  const sha256 = await sha256Of(bytes);
  blob = { bytes, sha256, name: `blobs/${sha256}` };
});

test.each<[string, Fault]>([
  ["a service that says that it is too much", { status: 503, code: "SlowDown" }],
  ["too many requests", { status: 429 }],
  ["an error of its own", { status: 500, code: "InternalError" }],
  ["a race of two writers", { status: 409, code: "ConditionalRequestConflict" }],
  ["a connection that breaks", "reset"],
  ["no answer within its time", "silence"],
])("%s is tried again, ever later, and then all is well", async (_what, fault) => {
  fake.fault = (request, count) => (request.endsWith(blob.name) && count <= 3 ? fault : undefined);
  const blobs = s3Blobs({ ...options, ...(fault === "silence" && { requestMs: 300 }) });
  expect(await blobs.put(blob.sha256, blob.bytes)).toBe("stored");
  expect(fake.asked).toEqual(Array.from({ length: 4 }, () => `PUT ${blob.name}`));
  expect(slept).toEqual([100, 200, 400]);
  expect(await blobs.get(blob.sha256)).toEqual(blob.bytes);
});

test("an answer that broke off is no blob", async () => {
  await s3Blobs(options).put(blob.sha256, blob.bytes);
  fake.fault = (request, count) => (request.startsWith("GET") && count <= 2 ? "half" : undefined);
  expect(await s3Blobs(options).get(blob.sha256)).toEqual(blob.bytes);
});

test("something that answers in its place, and never ends, is given up before it fills the memory", { timeout: 60_000 }, async () => {
  const piece = new Uint8Array(4 << 20);
  let given = 0;
  const endless = (async () => new Response(new ReadableStream({ pull: (controller) => {
    given += piece.byteLength;
    controller.enqueue(piece);
  } }))) as typeof fetch;
  await expect(s3Blobs({ ...options, fetch: endless, tries: 1 }).get(blob.sha256)).rejects.toMatchObject({ code: "engine-paused", details: { reason: "store-unreachable" } });
  expect(given).toBeLessThan(300 << 20);
});

test.each(["", " ", "s3:bucket", "s3:/bucket"])("a store called %j is none, and no folder either", async (where) => {
  await expect(openStore(where)).rejects.toMatchObject({ code: "bad-option" });
});

test("a put whose answer is lost is found there", async () => {
  fake.fault = (_request, count) => (count === 1 ? "answer-lost" : undefined);
  expect(await s3Blobs(options).put(blob.sha256, blob.bytes)).toBe("there");
  expect(await s3Blobs(options).get(blob.sha256)).toEqual(blob.bytes);
});

test("a service that is away makes the engine pause: nothing is there, and it goes on by itself", async () => {
  let isAway = true;
  fake.fault = () => (isAway ? "reset" : undefined);
  const blobs = s3Blobs(options);
  const paused = { code: "engine-paused", details: { reason: "store-unreachable" } };
  await expect(blobs.put(blob.sha256, blob.bytes)).rejects.toMatchObject(paused);
  await expect(blobs.get(blob.sha256)).rejects.toMatchObject(paused);
  await expect(blobs.size(blob.sha256)).rejects.toMatchObject(paused);
  await expect(blobs.collect(() => false, 0)).rejects.toMatchObject(paused);
  isAway = false;
  expect(await blobs.size(blob.sha256)).toBeUndefined();
  expect(await blobs.put(blob.sha256, blob.bytes)).toBe("stored");
});

test.each([
  [{ status: 403, code: "AccessDenied" }, "store-refused", /s3:PutObject/],
  [{ status: 403, code: "RequestTimeTooSkewed" }, "store-refused", /clocks/],
  [{ status: 400, code: "ExpiredToken" }, "store-refused", /AWS_SESSION_TOKEN/],
  [{ status: 301, code: "PermanentRedirect" }, "store-refused", /endpoint=.*region=/],
  [{ status: 404, code: "NoSuchBucket" }, "store-missing", /Make the bucket/],
  [{ status: 507 }, "disk-full", /quota/],
])("%j is said at once, with what helps", async (fault, code, hint) => {
  fake.fault = () => fault;
  await expect(s3Blobs(options).put(blob.sha256, blob.bytes)).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) as string });
  expect(fake.asked).toHaveLength(1);
});

test("a service that writes over what it was told to leave is refused", async () => {
  fake.after = () => fake.objects.clear();
  const opened = openStore("s3://fake", { environment: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_ENDPOINT_URL: fake.options.endpoint } });
  await expect(opened).rejects.toMatchObject({ code: "store-unsuited" });
});

const hourMs = 3_600_000;
const old = (name: string): void => {
  const there = fake.objects.get(name);
  if (there !== undefined) fake.objects.set(name, { ...there, changedAt: Date.now() - hourMs });
};

test("what is collected is told first, page by page, and each removal is sent once", async () => {
  const blobs = s3Blobs(options);
  const names: string[] = [];
  for (let index = 0; index < 8; index++) {
    const bytes = new Uint8Array([index]);
    const sha256 = await sha256Of(bytes);
    await blobs.put(sha256, bytes);
    names.push(`blobs/${sha256}`);
    old(`blobs/${sha256}`);
  }
  fake.asked.length = 0;
  fake.fault = (request) => (request === `DELETE ${names.toSorted()[4]}` ? "answer-lost" : undefined);
  // The second page can't be ended: what it names might be removed yet.
  await expect(blobs.collect(() => false, 60_000)).rejects.toMatchObject({ code: "engine-paused" });
  expect(fake.asked.filter((each) => each.startsWith("DELETE")).map((each) => each.slice(7)).toSorted()).toEqual(names.toSorted().slice(0, 6));
  expect(String(fake.objects.get("collecting.json")?.bytes)).toContain(names.toSorted()[4]?.slice(6));
  // Whoever comes meanwhile leaves it alone; once the names are too old to be believed, somebody goes on.
  expect(await s3Blobs(options).collect(() => false, 60_000)).toEqual({ removed: 0, bytes: 0 });
  old("collecting.json");
  expect(await s3Blobs(options).collect(() => false, 60_000)).toEqual({ removed: 2, bytes: 2 });
  expect(Array.from(fake.objects.keys())).toEqual([]);
});

test.each([
  ["has begun", "PUT collecting.json", 1],
  ["has looked at the ages", "GET ?list", 1],
  ["has said what is to go", "PUT collecting.json", 2],
  ["has looked at the ages once more", "GET ?list", 2],
  ["has removed it", "DELETE blobs/", 1],
  ["has taken its names back", "PUT collecting.json", 3],
])("what is put again when somebody who collects %s is there in the end", async (_when, step, nth) => {
  const [collecting, putting] = [s3Blobs(options), s3Blobs(options)];
  await putting.put(blob.sha256, blob.bytes);
  old(blob.name);
  let count = 0;
  let put: Promise<unknown> | undefined;
  fake.after = (request) => {
    if (request.startsWith(step) && ++count === nth) put = putting.put(blob.sha256, blob.bytes);
  };
  await collecting.collect(() => false, 60_000);
  expect(await put).toMatch(/^(stored|there)$/);
  expect(Buffer.from(await collecting.get(blob.sha256)).equals(blob.bytes)).toBe(true);
});

test("a put that finds its blob named waits until it is decided, and stores what is gone", async () => {
  const [collecting, putting] = [s3Blobs(options), s3Blobs(options)];
  await putting.put(blob.sha256, blob.bytes);
  old(blob.name);
  let renewed: () => void = () => {};
  const isRenewed = new Promise<void>((resolve) => (renewed = resolve));
  let put: Promise<unknown> | undefined;
  // The collector has looked at the ages for the last time; only then the blob is renewed; and then it is removed all the same.
  let lists = 0;
  fake.after = async (request) => {
    if (request.startsWith("GET ?list") && ++lists === 2) {
      put = putting.put(blob.sha256, blob.bytes);
      await isRenewed;
    }
    if (request === "GET collecting.json") renewed();
  };
  expect(await collecting.collect(() => false, 60_000)).toEqual({ removed: 1, bytes: 1000 });
  expect(await put).toBe("stored");
  expect(await collecting.get(blob.sha256)).toEqual(blob.bytes);
});

test("nobody waits on for a store that is closed, for its service as little as for whoever removes blobs", async () => {
  await s3Blobs(options).put(blob.sha256, blob.bytes);
  fake.objects.set("collecting.json", { bytes: Buffer.from(JSON.stringify({ leaving: [blob.sha256] })), changedAt: Date.now(), tag: "of another" });
  const { accessKeyId, secretAccessKey } = fake.options.credentials as S3Credentials;
  // No wait ends by itself.
  const clock: Clock = { now: () => systemClock.now(), sleep: (_, signal) => systemClock.sleep(2 ** 30, signal) };
  const store = await openStore(`s3://${fake.options.bucket}?endpoint=${fake.options.endpoint}`, { clock, environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } });
  fake.asked.length = 0;
  fake.fault = (request) => (request.startsWith("HEAD") ? { status: 503, code: "SlowDown" } : undefined);
  const waiting = [store.blobs.put(blob.sha256, blob.bytes), store.blobs.size(blob.sha256)].map((one) => one.then(() => "done", ({ code }: ShoalError) => code));
  await vi.waitUntil(() => fake.asked.includes("GET collecting.json") && fake.asked.some((request) => request.startsWith("HEAD")), { timeout: 20_000 });
  await store.close();
  expect(await Promise.all(waiting)).toEqual(["engine-closed", "engine-closed"]);
});

test("of two that collect at once one does it, and one that was stopped in between removes nothing of the other's", async () => {
  const [first, second] = [s3Blobs(options), s3Blobs(options)];
  await first.put(blob.sha256, blob.bytes);
  old(blob.name);
  let overtaken: unknown;
  let writes = 0;
  fake.after = async (request) => {
    // It has said what it will remove, and sleeps for long; another one takes over.
    if (request !== "PUT collecting.json" || ++writes !== 1) return;
    old("collecting.json");
    overtaken = await second.collect(() => false, 60_000);
  };
  expect(await first.collect(() => false, 60_000)).toEqual({ removed: 0, bytes: 0 });
  expect(overtaken).toEqual({ removed: 1, bytes: 1000 });
});
