// The volunteer page as vite builds it, from a small server with the coordinator's headers, and with a mock in place of the agent's worker.
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { buildVolunteerPage } from "../runtimes/build-volunteer-page.ts";

const mock = new URL("mock-agent.js", import.meta.url);
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json", ".wasm": "application/wasm" };

const headers = {
  "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface ServedVolunteerPage extends AsyncDisposable {
  readonly port: number;
  /** What was built. */
  readonly folder: string;
  /** What `/api/job` answers, by token; others are refused. */
  readonly answers: Map<string, Answer>;
  /** The agent's program can't be had, as when the coordinator is away. */
  withoutAgent: boolean;
}

/** Serves it below `/base/`, on every address of this machine: one that is not loopback is no secure context. */
export async function serveVolunteerPage(): Promise<ServedVolunteerPage> {
  const folder = await buildVolunteerPage();
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://page").pathname.replace(/^\/base\//, "");
    if (path === "api/job") {
      const { status, body } = answers.get(String(request.headers.authorization).replace("Bearer ", "")) ?? { status: 401, body: { error: { code: "not-allowed", message: "Without an invite nothing is said of the jobs." } } };
      response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body));
      return;
    }
    const name = path === "" ? "index.html" : path;
    const isAgent = /^assets\/agent-worker-.*\.js$/.test(name);
    if (isAgent && served.withoutAgent) return void request.socket.destroy();
    readFile(isAgent ? mock : join(folder, name)).then(
      (bytes) => response.writeHead(200, { ...headers, "content-type": types[extname(name)] ?? "application/octet-stream" }).end(bytes),
      () => response.writeHead(404, headers).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "0.0.0.0", listening));
  const served: ServedVolunteerPage = {
    port: (server.address() as { port: number }).port,
    folder,
    answers,
    withoutAgent: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return served;
}
