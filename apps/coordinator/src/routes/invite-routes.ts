import { Hono } from "hono";
import type { Invite, Scope } from "@shoal/cluster";
import { linkOf, pageOf } from "../links/link.ts";
import { refuse } from "../server/refuse.ts";
import { refusal, type Bindings, type RouteParts } from "./route-parts.ts";

interface Wish {
  readonly scopes: readonly Scope[];
  readonly volunteer?: boolean;
  readonly ttlMs?: number;
}

/** `/api/invites`: who brings jobs may also let others in, see who was, and shut them out. */
export function inviteRoutes(parts: RouteParts): Hono<Bindings> {
  const { gateway } = parts;
  const withLink = (invite: Invite): Invite & { readonly link?: string } => {
    const link = parts.linkOfInvite(invite);
    return { ...invite, ...(link !== undefined && { link }) };
  };
  return new Hono<Bindings>()
    .use("/api/invites/*", async (context, next) => {
      const refused = refusal(context, parts, "submit", "Send Authorization: Bearer with the token of a link that brings jobs.");
      return refused ?? next();
    })
    .get("/api/invites", (context) => context.json({ invites: gateway.invites().map(withLink) }, 200, { "cache-control": "no-store" }))
    .post("/api/invites", async (context) => {
      const text = await textUpTo(16 * 1024, context.req.raw.body);
      if (text === undefined) return refuse(413, "too-large", "That is more than an invite says.", "Send scopes, volunteer, ttlMs.");
      const wish = parsed(text);
      if (!isWish(wish)) return refuse(400, "bad-option", "This is no wish for an invite.", 'Send JSON such as {"scopes":["work"],"volunteer":true,"ttlMs":3600000}.');
      const { token, invite } = await gateway.invite(wish.scopes, { ...(wish.volunteer !== undefined && { volunteer: wish.volunteer }), ...(wish.ttlMs !== undefined && { ttlMs: wish.ttlMs }) });
      return context.json({ token, invite, link: linkOf(parts.url(), token, pageOf(wish.scopes)) }, 201, { "cache-control": "no-store" });
    })
    .delete("/api/invites/:id", async (context) => {
      const id = context.req.param("id");
      if (!gateway.invites().some((invite) => invite.id === id)) return refuse(404, "not-found", "There is no such invite.", "GET /api/invites lists them.");
      await gateway.revoke(id);
      return new Response(null, { status: 204 });
    });
}

/** Undefined for more. The limit of the framework can't take a body whose length is not said. */
async function textUpTo(most: number, body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels what is still to come.
    if (bytes > most) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const scopes: readonly unknown[] = ["submit", "work", "observe"] satisfies Scope[];

function isWish(value: unknown): value is Wish {
  if (typeof value !== "object" || value === null) return false;
  const wish = value as Record<string, unknown>;
  return (
    Array.isArray(wish["scopes"]) && wish["scopes"].length > 0 && wish["scopes"].length <= scopes.length && wish["scopes"].every((each) => scopes.includes(each)) &&
    ["boolean", "undefined"].includes(typeof wish["volunteer"]) &&
    (wish["ttlMs"] === undefined || (typeof wish["ttlMs"] === "number" && wish["ttlMs"] > 0 && wish["ttlMs"] <= 366 * 24 * 3600 * 1000))
  );
}
