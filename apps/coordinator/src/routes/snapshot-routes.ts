import { Hono } from "hono";
import { streamBody } from "../server/stream-body.ts";
import { allowsStill, noteUse, refusal, type Bindings, type RouteParts } from "./route-parts.ts";

/** At most so often: a person sees no more. */
const leastMs = 500;
/** At least so often, so that proxies keep the connection and a page notices that it is dead. */
const mostMs = 15_000;
const hint = "Open the dashboard by the link that the coordinator prints.";

/** `/api/snapshots`: one JSON object a line, one at once and then as things change, for as long as it is read. */
export function snapshotRoutes(parts: RouteParts): Hono<Bindings> {
  return new Hono<Bindings>()
    .get("/api/snapshots", (context) => {
      const refused = refusal(context, parts, "observe", hint);
      if (refused !== undefined) return refused;
      const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store", "x-accel-buffering": "no" };
      if (context.req.method === "HEAD") return new Response(null, { headers });
      noteUse(context, parts);
      const left = new AbortController();
      context.env.outgoing.once("close", parts.streaming());
      return new Response(streamBody(lines(parts, left.signal, allowsStill(context, parts, "observe")), () => left.abort()), { headers });
    })
    .get("/api/snapshot", (context) => refusal(context, parts, "observe", hint) ?? context.json(parts.gateway.snapshot(), 200, { "cache-control": "no-store" }));
}

/** A slow reader gets fewer of them, never a backlog. The last one says how everything ended; one whose link was revoked or has expired gets none. */
async function* lines({ gateway, ending }: RouteParts, left: AbortSignal, mayRead: () => boolean): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let isChanged = false;
  let wake = (): void => {};
  const stop = gateway.watch(() => {
    isChanged = true;
    wake();
  });
  const wait = (ms: number, untilChange: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (left.aborted || ending.aborted || (untilChange && isChanged)) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        wake = () => {};
        left.removeEventListener("abort", done);
        ending.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      left.addEventListener("abort", done, { once: true });
      ending.addEventListener("abort", done, { once: true });
      if (untilChange) wake = done;
    });
  try {
    for (let last = false; !left.aborted && !last && mayRead(); ) {
      isChanged = false;
      last = ending.aborted;
      yield encoder.encode(`${JSON.stringify(gateway.snapshot())}\n`);
      await wait(leastMs, false);
      await wait(mostMs, true);
    }
  } finally {
    stop();
  }
}
