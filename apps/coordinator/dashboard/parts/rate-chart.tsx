import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { clockTime, plural, rate } from "@shoal/volunteer/format";
import type { RateHistory } from "../history/rate-history.ts";
import { useTheme } from "./use-theme.ts";
import { useWidth } from "./use-width.ts";

const height = 168;
const maxBands = 5;
const leastShare = 0.2;
const [minute, hour, day] = [60, 3600, 86_400];
/** Steps of the axis of time, in seconds: none below the second, which is what its labels tell. */
const timeSteps = [1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((step) => step * minute), ...[1, 2, 3, 4, 6, 12].map((step) => step * hour), ...[1, 2, 5, 10, 30, 100].map((step) => step * day)];
/** How wide the axis of rates is, in CSS pixels. */
const rateAxis = 54;
const colourNames = ["soft", "line", "card", "sea", "sea-area", "band-0", "band-1", "band-2", "band-3", "band-4", "band-5"] as const;
type Theme = Readonly<Record<(typeof colourNames)[number], string>>;

interface Props {
  readonly history: RateHistory;
  readonly labels: ReadonlyMap<string, string>;
}

interface Layer {
  readonly name: string;
  readonly rates: readonly (number | null)[];
}

/** Rows per second over time. Where it is known who gave what, the workers that give most lie in bands upon one another, and all others in one. */
export function RateChart({ history, labels }: Props) {
  const { element, width } = useWidth<HTMLDivElement>();
  const theme = useTheme(colourNames);
  const plot = useRef<uPlot>(null);
  const [pointed, point] = useState<number>();
  const bands = history.shareOfLeaders(maxBands) < leastShare ? [] : history.bands(maxBands);
  const layers: Layer[] = bands.length < 2 ? [] : bands.map(({ key, rates }) => ({ name: key === "" ? "others" : (labels.get(key) ?? "one who left"), rates }));
  const shape = `${layers.length} ${width > 0}`;

  useEffect(() => {
    if (element.current === null || width === 0) return;
    const drawn = new uPlot(options(width, layers.length, theme, point), align(history, layers), element.current);
    plot.current = drawn;
    return () => {
      drawn.destroy();
      plot.current = null;
    };
    // Rates go in by setData; only another number of bands or other colours need another plot.
  }, [shape, theme]);
  useEffect(() => plot.current?.setSize({ width, height }), [width]);
  useEffect(() => plot.current?.setData(align(history, layers)));

  const last = history.times.length - 1;
  const index = pointed !== undefined && pointed <= last ? pointed : last;
  const readout = useMemo(() => ({ total: history.totals[index], time: history.times[index] }), [index, history.totals[index]]);
  return (
    <section class="chart">
      <h3>Rows/s <small>{layers.length > 0 ? "by worker, since this page was opened" : "since this page was opened"}</small></h3>
      <div ref={element} class="plot" role="img" aria-label={`Rows per second over time, now ${rate(history.totals[last] ?? 0)}`} />
      <p class="readout">
        {readout.time !== undefined && <span class="time">{clockTime(readout.time)}</span>}
        <b>{readout.total == null ? "nothing heard" : `${rate(readout.total)} rows/s`}</b>
        {layers.map(({ name, rates }, layer) => (
          <span key={layer}><i data-band={name === "others" && layer === layers.length - 1 ? 5 : layer} aria-hidden="true" />{name} {rate(rates[index] ?? 0)}</span>
        ))}
        {layers.length > maxBands && <span class="visually-hidden">{plural(layers.length, "band")}</span>}
      </p>
    </section>
  );
}

/** uPlot draws areas from the axis up: so the highest sum comes first, and each lower one covers its foot. */
function align(history: RateHistory, layers: readonly Layer[]): uPlot.AlignedData {
  const times = history.times.map((time) => time / 1000);
  if (layers.length === 0) return [times, history.totals.slice()];
  const sums: (number | null)[][] = [];
  for (const { rates } of layers) {
    const below = sums.at(-1);
    sums.push(rates.map((value, at) => (value === null ? null : value + (below?.[at] ?? 0))));
  }
  return [times, ...sums.toReversed()];
}

/** Times of day; none where it would be cut by the edge. */
function timeLabels(plot: uPlot, splits: readonly number[], _axis: number, _space: number, step: number): string[] {
  const { min = 0, max = 1 } = plot.scales["x"] ?? {};
  const place = (at: number) => ((at - (min ?? 0)) / ((max ?? 1) - (min ?? 0))) * (plot.width - rateAxis);
  const fits = (at: number) => place(at) > 28 && place(at) < plot.width - 28;
  return splits.map((at) => (fits(at) ? new Date(at * 1000).toLocaleTimeString("en-GB", step < 60 ? {} : { hour: "2-digit", minute: "2-digit" }) : ""));
}

function options(width: number, layers: number, theme: Theme, onPoint: (index: number | undefined) => void): uPlot.Options {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: theme.soft, font, grid: { stroke: theme.line, width: 1 }, ticks: { show: false } };
  const band = (layer: number) => theme[`band-${layer === layers - 1 && layers > maxBands ? 5 : layer}` as keyof Theme];
  const area = (fill: string, stroke: string, line: number): uPlot.Series => ({ fill, stroke, width: line, points: { show: false }, spanGaps: false });
  const series = layers === 0 ? [area(theme["sea-area"], theme.sea, 2)] : Array.from({ length: layers }, (_, index) => area(band(layers - 1 - index), theme.card, 1));
  return {
    width, height, legend: { show: false }, padding: [8, 4, 0, 0],
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, (most ?? 1) * 1.12)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 26, incrs: timeSteps, values: timeLabels },
      { ...axis, side: 1, size: rateAxis, space: 40, values: (_, splits) => splits.map((value) => (value >= 10_000 ? `${value / 1000}k` : value.toLocaleString("en"))) },
    ],
    series: [{}, ...series],
    hooks: { setCursor: [(drawn) => onPoint(drawn.cursor.idx ?? undefined)] },
  };
}
