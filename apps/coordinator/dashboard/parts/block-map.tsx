import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "@shoal/volunteer/format";
import { blockStates, stateWords } from "../blocks/block-states.ts";
import { cellAt, chooseGrid, countBlocks, describeCell, fillCells } from "../blocks/cells.ts";
import type { PackedSegment } from "../blocks/packed-runs.ts";
import { paintCells } from "../blocks/paint-cells.ts";
import { useTheme } from "./use-theme.ts";
import { useWidth } from "./use-width.ts";

const maxHeight = 128;
const colourNames = ["block-d", "block-c", "block-l", "block-r", "block-n", "block-s", "block-q", "block-t", "ink"] as const;
/** Always in the legend, so that it doesn't move; the others once there are any. */
const usual = new Set(["d", "c", "l", "r"]);

/** A map of a segment's blocks by state. Pointing, tapping, or the arrow keys tell what a cell stands for. */
export function BlockMap({ segment, named }: { readonly segment: PackedSegment; readonly named: boolean }) {
  const { element, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [marked, mark] = useState<number>();
  const theme = useTheme(colourNames);
  const total = segment.blocks.total;
  const blocks = useMemo(() => countBlocks(segment.map, total), [segment.map, total]);
  const grid = useMemo(() => chooseGrid(blocks, Math.max(1, width), maxHeight), [blocks, width]);
  const cells = useMemo(() => fillCells(segment.map, grid.blocksPerCell, total), [segment.map, grid, total]);
  // Without a known total the map grows: it gets its whole height at once, rather than pushing down what stands below it row by row.
  const height = total === undefined ? Math.max(grid.rows * grid.pitch, maxHeight) : grid.rows * grid.pitch;

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width === 0) return;
    const scale = devicePixelRatio;
    const [pixelsX, pixelsY] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.current.width !== pixelsX || canvas.current.height !== pixelsY) Object.assign(canvas.current, { width: pixelsX, height: pixelsY });
    const colours = Object.fromEntries(blockStates.map((state) => [state, theme[`block-${state}`]])) as Record<(typeof blockStates)[number], string>;
    paintCells(context, grid, cells, { ...colours, mark: theme.ink }, scale, marked);
  }, [cells, grid, width, height, theme, marked]);

  const point = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    mark(cellAt(grid, cells.cells, event.clientX - box.left, event.clientY - box.top));
  };
  const step = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.columns, ArrowUp: -grid.columns, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") return mark(undefined);
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    mark(Math.max(0, Math.min(cells.cells - 1, marked === undefined && Number.isFinite(move) ? 0 : (marked ?? 0) + move)));
  };
  const summary = blockStates.filter((state) => cells.sums[state] > 0).map((state) => `${count(cells.sums[state])} ${stateWords[state]}`).join(", ");

  return (
    <section class="map">
      <h3>{named ? `Blocks of ${segment.name}` : "Blocks"} <small>{count(blocks)}{total === undefined && blocks > 0 ? " so far" : ""}{grid.blocksPerCell > 1 ? `, ${count(grid.blocksPerCell)} to a cell` : ""}</small></h3>
      <div ref={element} class="canvas" style={{ height: `${height}px` }}>
        <canvas
          ref={canvas} tabIndex={0} role="img" style={{ width: `${width}px`, height: `${height}px` }}
          aria-label={`Map of blocks by state: ${summary || "none yet"}. The arrow keys go through it.`}
          onPointerMove={point} onPointerDown={point} onKeyDown={step} onBlur={() => mark(undefined)}
          onPointerLeave={(event: PointerEvent) => event.pointerType === "mouse" && mark(undefined)}
        />
      </div>
      <p class="readout" aria-live="polite">{marked !== undefined && marked < cells.cells ? describeCell(cells, marked) : ""}</p>
      <ul class="legend">
        {blockStates.filter((state) => usual.has(state) || cells.sums[state] > 0).map((state) => (
          <li key={state}><i data-state={state} aria-hidden="true" />{stateWords[state]} <b>{count(cells.sums[state])}</b></li>
        ))}
      </ul>
    </section>
  );
}
