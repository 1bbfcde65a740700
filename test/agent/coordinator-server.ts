import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { socketChannel, type ModelManifest, type SegmentMessage, type WebSocketLike } from "@shoal/cluster";
import { blockFromRows, systemClock, type Block } from "@shoal/core";
import { textClassification } from "shoal/transformers";
import { sentiment } from "shoal/tiny-models";
import { WebSocketServer } from "ws";
import { ScriptedConnection, until } from "./scripted-gateway.ts";
import { segmentOf } from "./fleet-of-one.ts";

const folder = fileURLToPath(sentiment);
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => {
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    return { path: join(entry.parentPath, entry.name).slice(folder.length).replace(/^[\\/]/, "").replaceAll("\\", "/"), bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
const model: ModelManifest = { hash: "0a".repeat(32), files: files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes: bytes.length })) };

const contentTypes: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Classifies `text` by the model that ships with Shoal, which workers get from the coordinator. */
export function sentimentSegment(): SegmentMessage {
  const { spec } = textClassification({ model: "sentiment", input: "text", output: "label" });
  return segmentOf({ spec, stages: spec.phases, device: "auto" }, { jobName: "opinions", description: { name: "text-classification(sentiment)", model } } as never);
}

export function opinions(...texts: readonly string[]): Block {
  return blockFromRows(texts.map((text) => ({ text })));
}

/** A coordinator behind a real server, of which a test decides what it says. */
export interface CoordinatorServer extends AsyncDisposable {
  readonly link: string;
  readonly connections: readonly ScriptedConnection[];
  /** Paths that were asked for. */
  readonly requested: readonly string[];
  /** The connection of that number, once it is there. */
  connection(number?: number): Promise<ScriptedConnection>;
}

/** @param page folder of a page that it serves at its base */
export async function startCoordinatorServer(port = 0, page?: string): Promise<CoordinatorServer> {
  const connections: ScriptedConnection[] = [];
  const requested: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://here").pathname;
    requested.push(path);
    const part = page === undefined || path.startsWith("/base/models/") ? undefined : join(page, path.replace(/^\/base\//, "") || "index.html");
    if (part !== undefined && existsSync(part)) {
      response.writeHead(200, { "content-type": contentTypes[extname(part)] ?? "application/octet-stream" });
      return void createReadStream(part).pipe(response);
    }
    const file = files.find((each) => path === `/base/models/~key/${model.hash}/${each.path}`);
    response.writeHead(file === undefined ? 404 : 200, file === undefined ? {} : { etag: `"${file.sha256}"`, "content-length": file.bytes.length }).end(file?.bytes);
  });
  const sockets = new WebSocketServer({ server, path: "/base/connect", perMessageDeflate: false });
  sockets.on("connection", (socket) => void connections.push(new ScriptedConnection(socketChannel(socket as unknown as WebSocketLike, { side: "gateway", clock: systemClock }) as never)));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    link: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/#a-token`,
    connections, requested,
    async connection(number = 1) {
      await until(() => connections.length >= number);
      return connections[number - 1] as ScriptedConnection;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
