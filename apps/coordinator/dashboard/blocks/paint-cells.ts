import { blockStates, type BlockState } from "./block-states.ts";
import type { Cells, Grid } from "./cells.ts";

export type StateColours = Readonly<Record<BlockState, string>> & { readonly mark: string };

const gap = 1.5;
/** Of a cell's height in CSS pixels: trouble with one block of a thousand must be seen. */
const leastTrouble = 2;

/** Draws a map. A cell of several blocks is filled from its foot by the share of each state; trouble is drawn last and never thinner than can be seen. */
export function paintCells(canvas: CanvasRenderingContext2D, grid: Grid, cells: Cells, colours: StateColours, scale: number, marked?: number): void {
  const { pitch, columns } = grid;
  const size = pitch - gap;
  canvas.setTransform(scale, 0, 0, scale, 0, 0);
  canvas.clearRect(0, 0, canvas.canvas.width, canvas.canvas.height);
  // By state and not by cell: changing the colour is what costs.
  const heights = new Float32Array(cells.cells);
  for (const [index, state] of blockStates.entries()) {
    canvas.fillStyle = colours[state];
    for (let cell = 0; cell < cells.cells; cell++) {
      const count = cells.counts[cell * blockStates.length + index] as number;
      if (count === 0) continue;
      const held = Math.min(cells.blocksPerCell, cells.blocks - cell * cells.blocksPerCell);
      const below = heights[cell] as number;
      const share = (count / held) * size;
      const height = state === "t" || state === "q" ? Math.max(leastTrouble, share) : share;
      const top = Math.max(0, size - below - height);
      canvas.fillRect((cell % columns) * pitch, Math.floor(cell / columns) * pitch + top, size, Math.min(size, height));
      heights[cell] = below + share;
    }
  }
  if (marked === undefined || marked >= cells.cells) return;
  canvas.strokeStyle = colours.mark;
  canvas.lineWidth = 2;
  canvas.strokeRect((marked % columns) * pitch + 0.25, Math.floor(marked / columns) * pitch + 0.25, size - 0.5, size - 0.5);
}
