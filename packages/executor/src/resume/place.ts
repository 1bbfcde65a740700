import { lineageRows, rowsMade, type Span } from "@shoal/core";

/** A row of what a run reads: of which scan of its plan, of which partition in the order of reading. All rows before it are done with. */
export interface Place {
  readonly scan: number;
  readonly partition: number;
  readonly row: number;
}

/** Says where a span begins; undefined for one of no scan of this run. */
export type PlaceOf = (span: Span) => Place | undefined;

export function comparePlaces(a: Place, b: Place): number {
  return a.scan - b.scan || a.partition - b.partition || a.row - b.row;
}

/** How many of a block's rows were made by input rows before a place. Rows are in order, so they are its first ones. */
export function rowsBefore(lineage: readonly Span[], place: Place, placeOf: PlaceOf): number {
  let rows = 0;
  for (const span of lineage) {
    const first = placeOf(span);
    if (first === undefined) continue;
    if (first.scan === place.scan && first.partition === place.partition) rows += madeBefore(span, place.row - first.row);
    else if (comparePlaces(first, place) < 0) rows += rowsMade(span);
  }
  return rows;
}

/** How many rows the first `count` rows of a span made. */
function madeBefore({ rows, origins }: Span, count: number): number {
  if (count <= 0) return 0;
  if (origins === undefined) return Math.min(count, rows);
  let low = 0;
  let high = origins.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((origins[middle] as number) < count) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place that is reached with a block: all rows that were made by input rows before it are in the block, or before. */
export function placeAfter(lineage: readonly Span[], placeOf: PlaceOf): Place | undefined {
  const last = lineage.at(-1);
  const first = last && placeOf(last);
  return last && first && { ...first, row: first.row + last.rows };
}

/** The input row that made a row of a block. */
export function placeOfRow(lineage: readonly Span[], rows: number, row: number, placeOf: PlaceOf): Place | undefined {
  if (lineageRows(lineage) !== rows) return lineage[0] && placeOf(lineage[0]);
  let left = row;
  for (const span of lineage) {
    const made = rowsMade(span);
    if (left >= made) {
      left -= made;
      continue;
    }
    const first = placeOf(span);
    return first && { ...first, row: first.row + (span.origins?.[left] ?? left) };
  }
  return undefined;
}
