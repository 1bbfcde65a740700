import type { WorkerSnapshot } from "@shoal/cluster";
import { bytes, count, deviceName, duration, percent, plural, rate } from "@shoal/volunteer/format";
import { sparkline } from "../history/recent-rates.ts";
import { HostIcon } from "./icons.tsx";

interface Props {
  readonly worker: WorkerSnapshot;
  readonly at: number;
  /** Of the rows of all workers together. */
  readonly share: string;
  readonly rates: readonly number[];
}

const [sparkWidth, sparkHeight, sparkPoints] = [56, 20, 48];

export function WorkerRow({ worker, at, share, rates }: Props) {
  const { state, loading } = worker;
  const device = worker.device ?? worker.devices[0];
  return (
    <li class="worker" data-state={state}>
      <HostIcon host={worker.host} />
      <p class="label" title={worker.label}>{worker.label}</p>
      <p class="about">
        <span class="state" data-state={state}>{state}</span>
        {device !== undefined && <span>{deviceName(device)}</span>}
        {worker.runtime !== "" && <span>{worker.runtime}</span>}
      </p>
      <svg class="spark" viewBox={`0 0 ${sparkWidth} ${sparkHeight}`} aria-hidden="true"><path d={state === "gone" ? "" : sparkline(rates, sparkPoints, sparkWidth, sparkHeight)} /></svg>
      <p class="rate">{state === "gone" ? "–" : rate(worker.rowsPerSecond)}<span class="visually-hidden"> rows/s</span></p>
      <p class="share">
        <span>{plural(worker.rowsDone, "row")}, {share}</span>
        <span>{state === "gone" ? "" : duration(at - worker.joinedAt)}</span>
        {worker.failures > 0 && <span class="bad" title={worker.lastFailure}>{plural(worker.failures, "failure")}</span>}
      </p>
      {worker.lastFailure !== undefined && <p class="notice">{worker.failures === 1 ? "" : "last "}failure: {worker.lastFailure}</p>}
      {loading !== undefined && loading.bytes > 0 && state === "loading" && (
        <p class="loading"><progress max={loading.bytes} value={loading.doneBytes} aria-label={`loading ${percent(loading.doneBytes, loading.bytes)}`} />{bytes(loading.doneBytes)} of {bytes(loading.bytes)}</p>
      )}
      {worker.notice !== undefined && <p class="notice">{worker.notice}</p>}
      <span class="visually-hidden">{count(worker.blocksDone)} blocks</span>
    </li>
  );
}
