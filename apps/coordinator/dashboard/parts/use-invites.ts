import { useCallback, useEffect, useState } from "preact/hooks";
import type { Address } from "../connection/address.ts";
import { fetchInvites, type InviteLink } from "../connection/invites.ts";

const refreshMs = 20_000;

/** The coordinator's invites, asked for again now and then while it answers; undefined where this page may not see them. */
export function useInvites(address: Address, live: boolean): { readonly invites: readonly InviteLink[] | undefined; readonly refresh: () => Promise<void> } {
  const [invites, setInvites] = useState<readonly InviteLink[]>();
  const refresh = useCallback(async () => setInvites(await fetchInvites(address)), [address]);
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
  return { invites, refresh };
}
