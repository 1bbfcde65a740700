import type { PackedSnapshot } from "../blocks/packed-runs.ts";
import { useRef, useState } from "preact/hooks";
import { count, plural } from "@shoal/volunteer/format";
import type { RecentRates } from "../history/recent-rates.ts";
import { isHere, isListed } from "../own-workers.ts";
import { keepOrder, rankWorkers } from "../rank-workers.ts";
import { Chevron } from "./icons.tsx";
import { shareTexts } from "../share-texts.ts";
import { WorkerRow } from "./worker-row.tsx";

const shownAtFirst = 24;
const step = 100;
const rankEveryMs = 5000;

export function Workers({ snapshot, recent }: { readonly snapshot: PackedSnapshot; readonly recent: ReadonlyMap<string, RecentRates> }) {
  const [limit, setLimit] = useState(shownAtFirst);
  const [goneShown, showGone] = useState(false);
  const [pointed, point] = useState(false);
  const ranking = useRef<{ at: number; order: readonly string[] }>({ at: 0, order: [] });
  const { present: ranked, gone } = rankWorkers(snapshot.workers.filter(isListed), ({ worker, rowsPerSecond }) => recent.get(worker)?.steady ?? rowsPerSecond);
  const rest = pointed || Math.abs(snapshot.at - ranking.current.at) < rankEveryMs;
  const present = rest ? keepOrder(ranked, ranking.current.order) : ranked;
  ranking.current = { at: rest ? ranking.current.at : snapshot.at, order: present.map(({ worker }) => worker) };
  const here = present.filter(isHere).length;
  const texts = shareTexts(snapshot.workers.map(({ rowsDone }) => rowsDone));
  const shares = new Map(snapshot.workers.map(({ worker }, at) => [worker, texts[at] as string]));
  const list = (workers: typeof present) => (
    <ul class="workers">{workers.map((worker) => <WorkerRow key={worker.worker} worker={worker} at={snapshot.at} share={shares.get(worker.worker) ?? ""} rates={recent.get(worker.worker)?.rates ?? []} />)}</ul>
  );
  return (
    <section class="card" aria-label="Workers" onPointerEnter={() => point(true)} onPointerLeave={() => point(false)}>
      <h2 class="both">Workers <small>{here === 0 ? "" : count(here)}</small>{present.length > 0 && <small aria-hidden="true">rows/s</small>}</h2>
      {present.length === 0 && (
        <div class="empty">
          <p>No worker yet. Open the link on another device, or run on another machine:</p>
          <pre><code>shoal work &lt;link&gt;</code></pre>
        </div>
      )}
      {list(present.slice(0, limit))}
      {present.length > limit && (
        <p class="more">
          <button type="button" class="quiet" onClick={() => setLimit(limit + step)}>Show {count(Math.min(step, present.length - limit))} more</button>
          <span>{plural(present.length - limit, "slower worker")} not shown</span>
        </p>
      )}
      {gone.length > 0 && (
        <div class="gone">
          <button type="button" class="fold" aria-expanded={goneShown} onClick={() => showGone(!goneShown)}><Chevron open={goneShown} />{count(gone.length)} gone</button>
          {goneShown && list(gone.slice(0, limit))}
        </div>
      )}
    </section>
  );
}
