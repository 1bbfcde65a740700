import { useEffect, useState } from "preact/hooks";
import { percent } from "@shoal/volunteer/format";
import type { Address } from "../connection/address.ts";
import type { DashboardState } from "../dashboard-state.ts";
import { isHere } from "../own-workers.ts";
import { Header } from "./header.tsx";
import { Invites } from "./invites.tsx";
import { EndedJobs, Jobs } from "./jobs.tsx";
import { Refusals } from "./refusals.tsx";
import { useInvites } from "./use-invites.ts";
import { Workers } from "./workers.tsx";

interface Props {
  readonly state: DashboardState;
  readonly address: Address;
  readonly onRetry: () => void;
}

export function Dashboard({ state, address, onRetry }: Props) {
  const { snapshot, connection } = state;
  const inviting = useInvites(address, connection.kind === "live");
  const [invitesShown, showInvites] = useState<boolean>();
  const anybody = snapshot?.workers.some(isHere) ?? true;
  // With nobody there, how to get somebody is what matters; once shown it stays until it is closed.
  useEffect(() => {
    if (invitesShown === undefined && inviting !== undefined && !anybody) showInvites(true);
  }, [invitesShown, inviting !== undefined, anybody]);
  const running = snapshot?.jobs.find(({ state: job }) => job === "running");
  const title = running === undefined ? snapshot?.name : `${running.rowsTotal === undefined ? "" : `${percent(running.rowsDone, running.rowsTotal)} `}${running.name}`;
  useEffect(() => {
    document.title = title === undefined ? "Shoal" : `${title} · Shoal`;
  }, [title]);
  return (
    <>
      <Header state={state} onRetry={onRetry} invitesShown={invitesShown ?? false} {...(inviting === undefined ? {} : { onInvites: () => showInvites(!(invitesShown ?? false)) })} />
      <main class="desk">
        <div class="jobs">
          {snapshot === undefined ? <Waiting kind={connection.kind} /> : <Jobs snapshot={snapshot} histories={state.jobs} />}
        </div>
        <div class="side">
          {inviting !== undefined && invitesShown === true && <Invites inviting={inviting} onClose={() => showInvites(false)} />}
          {snapshot !== undefined && <Workers snapshot={snapshot} recent={state.workers} />}
          {snapshot !== undefined && <Refusals refused={snapshot.refused} unreadable={state.unreadable} />}
        </div>
        {snapshot !== undefined && <EndedJobs snapshot={snapshot} histories={state.jobs} />}
      </main>
    </>
  );
}

function Waiting({ kind }: { readonly kind: DashboardState["connection"]["kind"] }) {
  return (
    <section class="card empty">
      <h2>{kind === "refused" ? "Not let in" : "Looking for the coordinator"}</h2>
      <p>{kind === "refused" ? "Nothing can be shown without a link that is valid." : "Jobs and workers appear here as soon as it answers."}</p>
    </section>
  );
}
