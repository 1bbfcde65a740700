import { silentLogger } from "@shoal/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HubOptions } from "../hub-files.ts";
import { openBrowserModel } from "./open-browser-model.ts";

const asked: string[] = [];
let answer: (url: string, init: RequestInit) => Response | Promise<Response>;
const [first, second] = ["1", "2"].map((digit) => digit.repeat(40)) as [string, string];
/** What the branch `main` of every model is at; undefined where the hub can't say. */
let main: string | undefined;
const file = (path: string, revision = first) => `https://huggingface.co/org/name/resolve/${revision}/${path}`;

beforeEach(async () => {
  await caches.delete("shoal-models");
  asked.length = 0;
  main = first;
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    if (/^(data|blob):/.test(url)) return real(url);
    if (url.includes("/api/models/")) return main === undefined ? new Response(null, { status: 404 }) : Response.json({ sha: main });
    asked.push(url);
    return answer(url, init);
  });
});
afterEach(() => vi.unstubAllGlobals());

const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));

function open(model: string, hub?: HubOptions, log = silentLogger) {
  return openBrowserModel({ model, revision: "main", hub, signal: new AbortController().signal, log });
}

/** An answer whose connection is cut after some of its bytes. */
function cut(bytes: string, headers: Record<string, string>, status = 200): Response {
  const parts = [new TextEncoder().encode(bytes)];
  const body = new ReadableStream({ pull: (controller) => (parts.length > 0 ? controller.enqueue(parts.pop()) : controller.error(new TypeError("network error"))) });
  return new Response(body, { status, headers });
}

test("a file of the hub is fetched once in all of the origin, however many want it at once", async () => {
  answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response("{}");
  };
  const models = await Promise.all([open("org/name"), open("org/name"), open("org/name")]);
  expect(await Promise.all(models.map(async (model) => text(await model.read("config.json"))))).toEqual(["{}", "{}", "{}"]);
  expect(asked).toEqual([file("config.json")]);
  expect(text(await (await open("org/name", { offline: true })).read("config.json"))).toBe("{}");
});

test("a file that the hub lacks is asked for once", async () => {
  answer = () => new Response(null, { status: 404 });
  for (let start = 0; start < 2; start++) expect(await (await open("org/name")).read("generation_config.json")).toBeUndefined();
  expect(asked).toHaveLength(1);
});

test("a branch that went on is another model: its files are fetched anew, what it lacked too, and those it left are dropped", async () => {
  answer = (url) => (url.endsWith(".json") ? new Response(url) : new Response(null, { status: 404 }));
  const before = await open("org/name");
  expect(text(await before.read("config.json"))).toBe(file("config.json"));
  expect(await before.read("onnx/model.onnx")).toBeUndefined();
  main = second;
  answer = (url) => new Response(url);
  expect(text(await before.read("tokenizer.json")), "of the commit that the others are of").toBe(file("tokenizer.json"));
  const after = await open("org/name");
  expect(text(await after.read("onnx/model.onnx"))).toBe(file("onnx/model.onnx", second));
  expect(text(await after.read("config.json"))).toBe(file("config.json", second));
  const kept = (await (await caches.open("shoal-models")).keys()).map(({ url }) => url);
  expect(kept.filter((url) => url.includes(first))).toEqual([]);
});

test("while the hub is away a branch is what it last was", async () => {
  answer = (url) => new Response(url);
  await (await open("org/name")).read("config.json");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect(text(await (await open("org/name")).read("config.json"))).toBe(file("config.json"));
});

test("of a mirror that knows no commits, copies and gaps serve only while it is away", async () => {
  main = undefined;
  answer = () => new Response(null, { status: 404 });
  expect(await (await open("org/name")).read("config.json")).toBeUndefined();
  answer = () => new Response("new");
  expect(text(await (await open("org/name")).read("config.json"))).toBe("new");
  answer = () => new Response(null, { status: 404 });
  expect(await (await open("org/name")).read("chat_template.jinja")).toBeUndefined();
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const away = await open("org/name");
  expect(text(await away.read("config.json"))).toBe("new");
  expect(await away.read("chat_template.jinja")).toBeUndefined();
});

test("a download that is cut goes on where it ended, where the file is the same", async () => {
  const ranges: (string | null)[] = [];
  answer = (_url, { headers }) => {
    const range = new Headers(headers).get("range");
    ranges.push(range);
    if (range === null) return cut("01234", { etag: `"v1"` });
    return range === "bytes=5-" ? cut("56", { etag: `"v1"`, "content-range": "bytes 5-9/10" }, 206) : new Response("789", { status: 206, headers: { etag: `"v1"`, "content-range": "bytes 7-9/10" } });
  };
  expect(text(await (await open("org/name")).read("model.onnx"))).toBe("0123456789");
  expect(ranges).toEqual([null, "bytes=5-", "bytes=7-"]);
});

test("a download that is cut begins anew where nobody knows whether the rest is of the same file", async () => {
  answer = (_url, { headers }) => {
    if (new Headers(headers).has("range")) return new Response("XXXXX", { status: 206, headers: { etag: `"v2"`, "content-range": "bytes 5-9/10" } });
    return asked.length === 1 ? cut("01234", { etag: `"v1"` }) : new Response("abcdefghij");
  };
  expect(text(await (await open("org/name")).read("model.onnx"))).toBe("abcdefghij");
  expect(asked).toHaveLength(3);
});

test("a download that is cut again and again without anything new is given up, and one that is to end ends at once", async () => {
  answer = () => cut("01234", {});
  const abort = new AbortController();
  const model = await openBrowserModel({ model: "org/name", revision: "main", hub: {}, signal: abort.signal, log: silentLogger });
  await expect(model.read("model.onnx")).rejects.toMatchObject({ code: "download-failed", message: expect.stringContaining("network error") as string });
  const reading = model.read("other.onnx");
  answer = () => {
    setTimeout(() => abort.abort(new Error("enough")), 20);
    return Promise.reject(new TypeError("Failed to fetch"));
  };
  await expect(reading).rejects.toThrow("enough");
});

test("a model under a URL is asked for anew at every start, and its copy serves while its server is away", async () => {
  const model = "https://models.example/small/";
  answer = () => new Response("first");
  expect(text(await (await open(model)).read("config.json"))).toBe("first");
  answer = () => new Response("second");
  expect(text(await (await open(model)).read("config.json"))).toBe("second");
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(text(await (await open(model)).read("config.json"))).toBe("second");
  expect(await (await open(model, { offline: true })).read("tokenizer.json")).toBeUndefined();
  expect(asked).toHaveLength(3);
});

test("what a server of pages gives where it has no file is no file", async () => {
  answer = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  expect(await (await open("/models/small")).read("generation_config.json")).toBeUndefined();
  expect(asked).toEqual([new URL("/models/small/generation_config.json", location.href).href]);
});

test("what a library fetches a file from is called as the file is", async () => {
  answer = () => new Response("weights");
  const place = (await (await open("org/name")).locate("onnx/model.onnx")) as string;
  expect(place).toMatch(/^blob:.*#onnx\/model\.onnx$/);
  expect(await (await fetch(place)).text()).toBe("weights");
});

test("a list of files is a model", async () => {
  answer = (url) => new Response(url);
  const files = await open(`data:application/json,${encodeURIComponent(JSON.stringify({ "config.json": "https://assets.example/config-4f2a.json", "tokenizer.json": "data:,inline" }))}#small`);
  expect(files.model).toBe("small");
  expect(text(await files.read("config.json"))).toBe("https://assets.example/config-4f2a.json");
  expect(text(await files.read("tokenizer.json"))).toBe("inline");
  expect(await files.read("other.json")).toBeUndefined();
  expect(await caches.has("shoal-models")).toBe(false);
});

test("an overloaded server is asked again, one that refuses is not", async () => {
  answer = () => (asked.length < 3 ? new Response(null, { status: 503 }) : new Response("{}"));
  expect(text(await (await open("org/name")).read("config.json"))).toBe("{}");
  answer = () => new Response(null, { status: 401 });
  await expect((await open("org/private")).read("config.json")).rejects.toMatchObject({ code: "unauthorized", message: expect.stringContaining("no token was sent") as string, hint: expect.stringContaining("hub: { token }") as string });
  answer = () => new Response(null, { status: 400 });
  await expect((await open("org/odd")).read("config.json")).rejects.toMatchObject({ code: "download-failed", hint: expect.stringContaining("CORS") as string });
  expect(asked).toHaveLength(5);
});

test("a token goes to the hub's host alone", async () => {
  const tokens: (string | null)[] = [];
  answer = (_url, { headers }) => {
    tokens.push(new Headers(headers).get("authorization"));
    return new Response("{}");
  };
  const hub = { token: "secret", endpoint: "https://hub.example" };
  for (const model of ["org/name", "https://hub.example/org/other/", "https://else.example/org/other/"]) await (await open(model, hub)).read("config.json");
  expect(tokens).toEqual(["Bearer secret", "Bearer secret", null]);
});

test.each(["./models/small", "file:///models/small/", "C:\\models\\small"])("%s is a directory, and no model of a page's", async (model) => {
  await expect(open(model)).rejects.toMatchObject({ code: "model-not-found", hint: expect.stringContaining("new URL(") as string });
});

test("the log tells that a file comes", async () => {
  const said: string[] = [];
  answer = () => new Response("{}");
  await (await open("org/name", undefined, { ...silentLogger, info: (message) => said.push(message) })).read("config.json");
  expect(said).toEqual([`Downloading ${file("config.json")}`]);
});
