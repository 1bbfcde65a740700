import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a server sends: a line, and for messages what is in them. */
export interface ServerMessage {
  /** As `MSG <subject> <sid> [reply] <bytes>`, `HMSG …`, `INFO {…}`, `PING`. */
  readonly line: string;
  readonly payload: string;
}

/** Stands between an engine and one server: a bad line, or none. */
export interface NatsProxy extends AsyncDisposable {
  readonly url: string;
  /** Nothing passes any more, in either direction, and connections stay open: nobody is told. */
  partition(): void;
  /** What was held back passes, and all that comes. */
  heal(): void;
  /** Connections end, and no new ones are taken until `heal`. */
  cut(): void;
  /** Each message of the server for which this holds does not arrive; it says how many are left to be swallowed. */
  swallow(matches: (message: ServerMessage) => boolean, count?: number): void;
  /** How many were swallowed. */
  readonly swallowed: number;
  /** Changes what the server says of itself. */
  rewriteInfo(change: (info: Record<string, unknown>) => void): void;
}

export async function startNatsProxy(target: string): Promise<NatsProxy> {
  const { hostname, port } = new URL(target);
  const links = new Set<{ readonly client: Socket; readonly server: Socket; held: (() => void)[] }>();
  let isPartitioned = false;
  let isCut = false;
  let change: ((info: Record<string, unknown>) => void) | undefined;
  let swallowing: { readonly matches: (message: ServerMessage) => boolean; left: number } | undefined;
  let swallowed = 0;

  const listener = createServer((client) => {
    if (isCut) return void client.destroy();
    const link = { client, server: connect(Number(port), hostname), held: [] as (() => void)[] };
    links.add(link);
    const send = (to: Socket, bytes: Buffer): void => {
      const write = (): void => void (to.destroyed || to.write(bytes));
      if (isPartitioned) link.held.push(write);
      else write();
    };
    const parse = messageParser((raw, message) => {
      if (change !== undefined && message.line.startsWith("INFO ")) {
        const info = JSON.parse(message.line.slice(5)) as Record<string, unknown>;
        change(info);
        return send(client, Buffer.from(`INFO ${JSON.stringify(info)}\r\n`));
      }
      if (swallowing !== undefined && swallowing.left > 0 && swallowing.matches(message)) {
        swallowing.left--;
        swallowed++;
        return;
      }
      send(client, raw);
    });
    client.on("data", (bytes: Buffer) => send(link.server, bytes));
    link.server.on("data", parse);
    for (const [one, other] of [[client, link.server], [link.server, client]] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        links.delete(link);
      });
    }
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");

  const heal = (): void => {
    isPartitioned = isCut = false;
    for (const link of links) for (const write of link.held.splice(0)) write();
  };
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    partition: () => void (isPartitioned = true),
    heal,
    cut: () => {
      isCut = true;
      for (const { client, server } of links) {
        client.destroy();
        server.destroy();
      }
    },
    swallow: (matches, count = 1) => {
      swallowing = { matches, left: count };
    },
    get swallowed() {
      return swallowed;
    },
    rewriteInfo: (next) => {
      change = next;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { client, server } of links) {
        client.destroy();
        server.destroy();
      }
      await once(listener.close(), "close");
    },
  };
}

/** Cuts what a server sends into messages. */
function messageParser(onMessage: (raw: Buffer, message: ServerMessage) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const end = rest.indexOf("\r\n");
      if (end < 0) return;
      const line = rest.toString("utf8", 0, end);
      const size = /^H?MSG /.test(line) ? Number(line.slice(line.lastIndexOf(" ") + 1)) + 2 : 0;
      const length = end + 2 + size;
      if (rest.length < length) return;
      onMessage(rest.subarray(0, length), { line, payload: rest.toString("utf8", end + 2, Math.max(end + 2, length - 2)) });
      rest = rest.subarray(length);
    }
  };
}
