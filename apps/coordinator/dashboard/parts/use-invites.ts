import { useCallback, useEffect, useState } from "preact/hooks";
import type { Address } from "../connection/address.ts";
import { fetchInvites, makeInvite, revokeInvite, type InviteKind, type InviteLink } from "../connection/invites.ts";

const refreshMs = 20_000;

/** What may be done about who comes in. */
export interface Inviting {
  /** Those that let somebody in now. */
  readonly invites: readonly InviteLink[];
  readonly make: (kind: InviteKind) => Promise<InviteLink>;
  readonly revoke: (id: string) => Promise<void>;
}

/** The coordinator's invites, asked for again now and then while it answers; undefined where this page may not see them. */
export function useInvites(address: Address, live: boolean): Inviting | undefined {
  const [invites, setInvites] = useState<readonly InviteLink[]>();
  const [links, setLinks] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (!live) return;
    const stop = new AbortController();
    const ask = () => fetchInvites(address, stop.signal).then((found) => {
      if (stop.signal.aborted) return;
      setInvites(found);
      // A page that may not see them need not ask again.
      if (found === undefined) clearInterval(timer);
    }).catch(() => {
      // Whether the coordinator answers at all is what the stream of snapshots tells.
    });
    const timer = setInterval(() => void ask(), refreshMs);
    void ask();
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [address, live]);
  const make = useCallback(async (kind: InviteKind) => {
    const made = await makeInvite(address, kind);
    setLinks((known) => new Map(known).set(made.id, made.link as string));
    setInvites(await fetchInvites(address));
    return made;
  }, [address]);
  const revoke = useCallback(async (id: string) => {
    await revokeInvite(address, id);
    setInvites(await fetchInvites(address));
  }, [address]);
  if (invites === undefined) return undefined;
  const valid = invites.filter(({ revoked, expiresAt }) => !revoked && expiresAt > Date.now());
  const withLink = (invite: InviteLink): InviteLink => {
    const link = invite.link ?? links.get(invite.id);
    return link === undefined ? invite : { ...invite, link };
  };
  return { make, revoke, invites: valid.map(withLink) };
}
