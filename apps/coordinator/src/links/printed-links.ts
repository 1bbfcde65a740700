import type { Gateway, Scope } from "@shoal/cluster";
import type { CoordinatorState } from "../state/coordinator-state.ts";
import { sharedLink, type SharedLinkParts } from "./shared-links.ts";

/** Tokens of the links that a coordinator prints: the same ones again after a restart. */
export interface PrintedLinks {
  /** One that allows this: the one that was printed before, as long as it is good. */
  token(scopes: readonly Scope[], volunteer: boolean, ttlMs: number): Promise<string>;
  /** Of an invite that was printed. */
  tokenOf(invite: string): string | undefined;
}

/** Of a coordinator that is alone: they are kept in its folder. */
export function ownLinks(gateway: Gateway, state: CoordinatorState): PrintedLinks {
  return {
    token: async (scopes, volunteer, ttlMs) => {
      const purpose = purposeOf(scopes, volunteer);
      const kept = state.links.get(purpose);
      // Expired or revoked ones make room for another.
      if (kept !== undefined && scopes.every((scope) => gateway.allows(kept.token, scope))) return kept.token;
      const { token, invite } = await gateway.invite(scopes, { volunteer, ttlMs });
      await state.keepLink(purpose, { token, invite: invite.id });
      return token;
    },
    tokenOf: (id) => [...state.links.values()].find(({ invite }) => invite === id)?.token,
  };
}

/** Of several gateways: they are kept in their engine. */
export function sharedLinks(gateway: Gateway, parts: SharedLinkParts, date: () => number = Date.now): PrintedLinks {
  const tokens = new Map<string, string>();
  return {
    token: async (scopes, volunteer, ttlMs) => {
      const isRevoked = (id: string): boolean => gateway.invites().some((invite) => invite.id === id && invite.revoked);
      const { token, invite } = await sharedLink(parts, purposeOf(scopes, volunteer), (link) => link.expiresAt > date() && !isRevoked(link.invite), async () => {
        const made = await gateway.invite(scopes, { volunteer, ttlMs });
        return { token: made.token, invite: made.invite.id, expiresAt: made.invite.expiresAt };
      });
      tokens.set(invite, token);
      return token;
    },
    tokenOf: (id) => tokens.get(id),
  };
}

function purposeOf(scopes: readonly Scope[], volunteer: boolean): string {
  return `${[...scopes].sort().join("+")}${volunteer ? "+volunteer" : ""}`;
}
