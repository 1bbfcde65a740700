import type { Invite, Snapshot } from "@shoal/cluster";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";

const types: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** What the coordinator sends with its pages. */
export const policy = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp", "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer", "x-content-type-options": "nosniff",
};

/** A coordinator of which nothing is real but its HTTP: the page, and snapshots and invites as a test says. */
export class FakeCoordinator implements AsyncDisposable {
  readonly token = "the+right/token";
  invites: (Invite & { readonly link?: string })[] = [];
  /** Whether the token may see invites. */
  submits = true;
  /** Requests that came without a right token. */
  refused = 0;
  /** What such a request, or one after {@link revokeAll}, is answered with. */
  refuseWith = 401;
  /** Streams opened since the start. */
  opened = 0;
  #down = false;
  #lets = true;
  #last: string | undefined;
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response).catch(() => response.destroy()));
  readonly #folder: string;

  /** `folder`: the built page. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Under a base path, as behind a proxy. */
  get dashboard(): string {
    return `${this.origin}/shoal/dashboard/#${encodeURIComponent(this.token)}`;
  }

  /** Sends a snapshot, and to who comes later the last one. */
  show(snapshot: Snapshot): void {
    this.#last = `${JSON.stringify(snapshot)}\n`;
    this.write(this.#last);
  }

  /** Sends bytes as they are. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Cuts all streams in the middle of a line, and answers nobody until {@link rise}. */
  fall(): void {
    this.#down = true;
    for (const stream of this.#streams) {
      stream.write('{"at":17');
      stream.destroy();
    }
  }

  rise(): void {
    this.#down = false;
  }

  /** From now on no token is right. */
  revokeAll(): void {
    this.#lets = false;
    for (const stream of this.#streams) stream.end();
  }

  /** The link of an invite that was made, as its page must show it. */
  linkOf(id: string): string {
    const { scopes } = this.invites.find((invite) => invite.id === id) as Invite;
    return `http://192.168.1.20:7077/${scopes.includes("observe") ? "dashboard/" : ""}#${Buffer.from(JSON.stringify([id, scopes, "signed by nobody"])).toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (this.#down) return void request.socket.destroy();
    if (pathname.startsWith("/shoal/dashboard/")) return this.#file(pathname.slice("/shoal/dashboard/".length), response);
    if (!this.#lets || request.headers.authorization !== `Bearer ${this.token}`) {
      this.refused++;
      return void response.writeHead(this.refuseWith).end();
    }
    if (pathname === "/shoal/api/snapshots") return this.#stream(response);
    if (!pathname.startsWith("/shoal/api/invites")) return void response.writeHead(404).end();
    if (!this.submits) return void response.writeHead(403).end();
    if (request.method === "GET") return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ invites: this.invites }));
    if (request.method === "POST") {
      const { scopes, volunteer } = JSON.parse(await text(request)) as Pick<Invite, "scopes" | "volunteer">;
      const made: Invite = { id: `made-${this.invites.length}`, scopes, volunteer, expiresAt: Date.now() + 8 * 3_600_000, revoked: false, used: 0 };
      this.invites = [...this.invites, made];
      return void response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ invite: made, token: "signed by nobody", link: this.linkOf(made.id) }));
    }
    const id = decodeURIComponent(pathname.slice("/shoal/api/invites/".length));
    this.invites = this.invites.map((invite) => (invite.id === id ? { ...invite, revoked: true } : invite));
    response.writeHead(204).end();
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const name = path === "" ? "index.html" : normalize(`/${path}`);
    response.writeHead(200, { ...policy, "content-type": types[extname(name)] ?? "application/octet-stream" }).end(await readFile(join(this.#folder, name)));
  }

  #stream(response: ServerResponse): void {
    this.opened++;
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    response.flushHeaders();
    if (this.#last !== undefined) response.write(this.#last);
  }
}
