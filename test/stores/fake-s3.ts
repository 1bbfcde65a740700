import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Options } from "@shoal/cluster/stores";

/** What is done instead of answering a request; undefined: it is answered as it should be. */
export type Fault = "reset" | "silence" | "answer-lost" | "half" | { readonly status: number; readonly code?: string } | undefined;

export interface FakeS3 extends AsyncDisposable {
  readonly options: Pick<S3Options, "endpoint" | "bucket" | "credentials">;
  /** Method and name of every request, in order. */
  readonly asked: string[];
  readonly objects: Map<string, { readonly bytes: Buffer; readonly changedAt: number; readonly tag: string }>;
  /** Asked before each request. */
  fault: (request: string, count: number) => Fault;
  /** Called when a request has been carried out, before it is answered. */
  after: (request: string) => Promise<void> | void;
}

/** A small S3 in memory, which does wrong what a real one does seldom. It checks no signature. */
export async function startFakeS3(): Promise<FakeS3> {
  const counts = new Map<string, number>();
  let tags = 0;
  const fake = {
    asked: [] as string[], objects: new Map() as FakeS3["objects"],
    fault: (() => undefined) as FakeS3["fault"],
    after: (() => {}) as FakeS3["after"],
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const name = decodeURIComponent(url.pathname).split("/").slice(2).join("/");
    const what = `${request.method} ${name === "" ? url.search : name}`;
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    fake.asked.push(what);
    const body = Buffer.concat(await request.toArray() as Buffer[]);
    const fault = fake.fault(what, count);
    if (fault === "reset") return void request.socket.destroy();
    if (fault === "silence") return;
    if (typeof fault === "object") return void response.writeHead(fault.status).end(fault.code === undefined ? "" : `<Error><Code>${fault.code}</Code><Message>so it is</Message></Error>`);
    const [status, headers, bytes] = carryOut(request, name, url.searchParams, body);
    await fake.after(what);
    if (fault === "answer-lost") return void request.socket.destroy();
    response.writeHead(status, { ...headers, "content-length": request.method === "HEAD" ? (headers["content-length"] ?? 0) : bytes.byteLength });
    if (fault === "half") return void response.write(bytes.subarray(0, bytes.byteLength / 2), () => request.socket.destroy());
    response.end(request.method === "HEAD" ? undefined : bytes);
  }

  function carryOut({ method, headers }: IncomingMessage, name: string, query: URLSearchParams, body: Buffer): [number, Record<string, string | number>, Buffer] {
    const there = fake.objects.get(name);
    const nothing = Buffer.alloc(0);
    const about = there === undefined ? {} : { etag: there.tag, "last-modified": new Date(there.changedAt).toUTCString() };
    if (query.has("uploads")) return [200, {}, Buffer.from("<ListMultipartUploadsResult/>")];
    if (query.has("list-type")) return [200, {}, Buffer.from(list(query.get("prefix") ?? "", query.get("start-after") ?? ""))];
    if (method === "PUT") {
      if (headers["if-none-match"] === "*" && there !== undefined) return [412, {}, nothing];
      if (headers["if-match"] !== undefined && headers["if-match"] !== there?.tag) return [412, {}, nothing];
      if (headers["x-amz-content-sha256"] !== createHash("sha256").update(body).digest("hex")) return [400, {}, Buffer.from("<Error><Code>XAmzContentSHA256Mismatch</Code></Error>")];
      const tag = `"${++tags}"`;
      fake.objects.set(name, { bytes: body, changedAt: Date.now(), tag });
      return [200, { etag: tag }, nothing];
    }
    if (method === "DELETE") {
      fake.objects.delete(name);
      return [204, {}, nothing];
    }
    if (there === undefined) return [404, {}, method === "HEAD" ? nothing : Buffer.from("<Error><Code>NoSuchKey</Code></Error>")];
    return [200, { ...about, ...(method === "HEAD" && { "content-length": there.bytes.byteLength }) }, there.bytes];
  }

  function list(prefix: string, after: string): string {
    const names = Array.from(fake.objects.keys()).filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = names.slice(0, pageSize).map((name) => {
      const { bytes, changedAt } = fake.objects.get(name) as { bytes: Buffer; changedAt: number };
      return `<Contents><Key>${encodeURIComponent(name)}</Key><LastModified>${new Date(changedAt).toISOString()}</LastModified><Size>${bytes.byteLength}</Size></Contents>`;
    });
    return `<ListBucketResult><IsTruncated>${names.length > pageSize}</IsTruncated>${page.join("")}</ListBucketResult>`;
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => request.socket.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(fake, {
    options: { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket: "fake", credentials: { accessKeyId: "a", secretAccessKey: "b" } },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

const pageSize = 3;
