import { useEffect, useState } from "preact/hooks";
import { clockTime, duration, plural, rate } from "@shoal/volunteer/format";
import type { PackedSnapshot } from "../blocks/packed-runs.ts";
import type { Connection } from "../connection/follow-snapshots.ts";
import type { DashboardState } from "../dashboard-state.ts";
import { isHere } from "../own-workers.ts";
import { Fish } from "./icons.tsx";

interface Props {
  readonly state: DashboardState;
  readonly onRetry: () => void;
  readonly invitesShown: boolean;
  /** Absent where this page may not invite anybody. */
  readonly onInvites?: () => void;
}

export function Header({ state: { snapshot, connection }, onRetry, invitesShown, onInvites }: Props) {
  const over = connection.kind === "reconnecting" && isOver(snapshot);
  const present = over ? 0 : snapshot?.workers.filter(isHere).length ?? 0;
  const total = snapshot?.jobs.reduce((sum, job) => sum + (job.state === "running" ? job.rowsPerSecond : 0), 0) ?? 0;
  return (
    <>
      <header class="bar">
        <h1><Fish /><span>{snapshot?.name ?? "Shoal"}</span></h1>
        <Light connection={connection} over={over} at={snapshot?.at} />
        {snapshot !== undefined && (
          <p class="totals"><span>{plural(present, "worker")}</span><span><b>{rate(total)}</b> rows/s</span></p>
        )}
        {onInvites !== undefined && <button type="button" class="quiet" aria-expanded={invitesShown} aria-controls="invites" onClick={onInvites}>Invite</button>}
      </header>
      <div role="status">
        {connection.kind === "refused" && (
          <p class="banner bad">
            {connection.why === "unknown"
              ? <>This link lets nobody in: it has expired, was revoked, or lost its end, the part after “#”. Ask whoever runs the coordinator for a new one; <code>shoal serve</code> prints it.</>
              : <>This link is for something else than watching, such as lending a machine. Ask whoever runs the coordinator for the dashboard’s link; <code>shoal serve</code> prints it.</>}
            <button type="button" class="quiet" onClick={onRetry}>Try again</button>
          </p>
        )}
        {over && snapshot !== undefined && (
          <p class="banner">The run has ended: all jobs were over when the coordinator was heard last, and it is gone. What stands here is from {clockTime(snapshot.at)}. Should it come back, this page goes on by itself.</p>
        )}
        {connection.kind === "reconnecting" && !over && snapshot !== undefined && (
          <p class="banner">The connection is cut: {connection.why}. What stands here is from {clockTime(snapshot.at)}. Workers go on with what they have, and nothing that is committed is lost.</p>
        )}
        {snapshot?.paused !== undefined && <p class="banner bad">Nothing is committed at the moment: {snapshot.paused}</p>}
      </div>
    </>
  );
}

/** There were jobs, and none was left to be done. */
function isOver(snapshot: PackedSnapshot | undefined): boolean {
  return snapshot !== undefined && snapshot.jobs.length > 0 && snapshot.jobs.every(({ state }) => state !== "running" && state !== "paused");
}

function Light({ connection, over, at }: { readonly connection: Connection; readonly over: boolean; readonly at: number | undefined }) {
  const seconds = useCountdown(connection.kind === "reconnecting" && !over ? connection.retryAt : undefined);
  if (over) return <p class="light" data-kind="over"><i aria-hidden="true" />ended</p>;
  const words = {
    connecting: "connecting …",
    live: at === undefined ? "live" : `live, ${clockTime(at)}`,
    reconnecting: seconds > 0 ? `reconnecting in ${duration(seconds * 1000)}` : "reconnecting …",
    refused: "not let in",
  }[connection.kind];
  return <p class="light" data-kind={connection.kind}><i aria-hidden="true" />{words}</p>;
}

/** Seconds until then, counted down. */
function useCountdown(until: number | undefined): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (until === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return until === undefined ? 0 : Math.ceil(Math.max(0, until - now) / 1000);
}
