/**
 * Rows `firstRow` … `firstRow + rows` of one version of one partition.
 *
 * In a block's lineage: those that are done with this block. All rows that they made are in it or in blocks before it, so a run that has
 * written the block may go on with the row after them.
 */
export interface Span {
  readonly partition: string;
  readonly version: string;
  readonly firstRow: number;
  readonly rows: number;
  /** Which scan of the plan read it, where there are several. */
  readonly scan?: number;
  /**
   * For each row that the span made, in order, the row of the span that it came from; absent where each made one, itself. A number equal
   * to `rows` means the row after the span: it made more rows than are in this block, and is done with a later one.
   */
  readonly origins?: readonly number[];
  /** Its rows were made by all rows of a block at once, and count as the first one's. */
  readonly together?: true;
}

/** How many rows of its block a span made. */
export function rowsMade(span: Span): number {
  return span.origins?.length ?? span.rows;
}

/** How many rows a lineage accounts for; a block's own number, unless its maker left its lineage out. */
export function lineageRows(lineage: readonly Span[]): number {
  return lineage.reduce((sum, span) => sum + rowsMade(span), 0);
}

/**
 * The lineage of rows `start` to `end` (exclusive) of a block. An input row whose rows are cut apart is done with the part that has its last
 * one; those that made no row are done with what stands before them.
 */
export function sliceLineage(lineage: readonly Span[], rows: number, start: number, end: number): readonly Span[] {
  if (lineageRows(lineage) !== rows) return lineage;
  const spans: Span[] = [];
  let at = 0;
  for (const span of lineage) {
    const made = rowsMade(span);
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, made);
    if (made === 0 ? at <= end && (at > start || start === 0) : from < to) spans.push(cutSpan(span, from, to));
    at += made;
  }
  return spans;
}

function cutSpan(span: Span, from: number, to: number): Span {
  const { origins } = span;
  if (origins === undefined) return from === 0 && to === span.rows ? span : { ...span, firstRow: span.firstRow + from, rows: to - from };
  if (from === 0 && to === origins.length) return span;
  const first = from === 0 ? 0 : (origins[from] as number);
  const end = to === origins.length ? span.rows : (origins[to] as number);
  return withOrigins({ ...span, firstRow: span.firstRow + first, rows: end - first }, origins.slice(from, to).map((origin) => origin - first));
}

/** The lineage of a block whose rows came, in this order, from the given rows of one with this lineage. Rows must not fall. */
export function lineageOfRows(lineage: readonly Span[], rows: number, from: ArrayLike<number>): readonly Span[] {
  if (lineageRows(lineage) !== rows) return lineage;
  let next = 0;
  let at = 0;
  return lineage.map((span) => {
    const end = at + rowsMade(span);
    const origins: number[] = [];
    for (; next < from.length && (from[next] as number) < end; next++) {
      const row = (from[next] as number) - at;
      origins.push(span.origins === undefined ? row : (span.origins[row] as number));
    }
    at = end;
    return withOrigins(span, origins);
  });
}

/** The lineage of rows that were made of a block as a whole: none of them is done before the last one is. */
export function lineageTogether(lineage: readonly Span[], rows: number): readonly Span[] {
  return lineage.map((span, at) => ({ ...span, origins: at === 0 ? Array.from({ length: rows }, () => 0) : [], together: true as const }));
}

function withOrigins(span: Span, origins: readonly number[]): Span {
  const { origins: _before, ...bare } = span;
  return origins.length === span.rows && origins.every((origin, at) => origin === at) ? bare : { ...bare, origins };
}

/** One lineage after another; spans that touch become one. */
export function joinLineages(lineages: readonly (readonly Span[])[]): readonly Span[] {
  const joined: Span[] = [];
  for (const lineage of lineages) {
    for (const span of lineage) {
      const last = joined.at(-1);
      if (last !== undefined && touch(last, span)) joined[joined.length - 1] = { ...last, rows: last.rows + span.rows };
      else joined.push(span);
    }
  }
  return joined;
}

function touch(a: Span, b: Span): boolean {
  return a.origins === undefined && b.origins === undefined && a.partition === b.partition && a.version === b.version && a.scan === b.scan && a.firstRow + a.rows === b.firstRow;
}
