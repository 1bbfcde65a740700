import { preview, ShoalError, type ReadOptions } from "@shoal/core";
import type { SourceFile } from "./file-store.ts";
import { firstRepeated } from "./first-repeated.ts";
import { badColumnName } from "./from-items.ts";
import { textRuns } from "./text-runs.ts";

/** Parsed rows of one CSV file. */
export interface CsvRun {
  /** Names of the cells, from the header, or `column0` … */
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** `people.csv:12` of a row of the run. */
  where(row: number): string;
}

/** How cells and rows are told apart. */
export interface CsvSyntax {
  /** Default `,`, in `.tsv` files a tab. */
  readonly delimiter?: string;
  /** The first row names the columns. Default true; otherwise they are `column0`, `column1` … */
  readonly header?: boolean;
  /** A longer row is refused. Default 64 MiB. */
  readonly maxRowBytes?: number;
}

/** Papa Parse's inner parser, which its types don't declare: complete rows of a text, and how far they reach. */
interface InnerParser {
  parse(text: string, base: number, ignoreLastRow: boolean): { data: string[][]; errors: { code: string; row: number; index: number }[]; meta: { cursor: number } };
}
interface PapaParse {
  readonly Parser: new (config: { delimiter: string; newline: string }) => InnerParser;
}

/** @param onRead as `ReadOptions` has it @throws `invalid-csv`, `ragged-row`, `duplicate-column`, `bad-column-name`, `invalid-utf8`, with file and line */
export async function* csvRuns(file: SourceFile, syntax: CsvSyntax, signal: AbortSignal, onRead?: ReadOptions["onRead"]): AsyncIterable<CsvRun> {
  const delimiter = syntax.delimiter ?? (/\.tsv(\.gz)?$/i.test(file.path) ? "\t" : ",");
  const maxRowBytes = syntax.maxRowBytes ?? 64 * 1024 * 1024;
  if (delimiter.length === 0 || /["\r\n\ufeff]/.test(delimiter)) throw new ShoalError("bad-option", `The delimiter ${preview(delimiter)} can't separate cells.`, { hint: "Use a character such as , ; or a tab.", failure: "bug" });
  // Only who reads CSV waits for it.
  const { Parser } = (await import("papaparse")).default as unknown as PapaParse;
  const parser = new Parser({ delimiter, newline: "\n" });
  let names: readonly string[] | undefined;
  let line = 1;
  let allRows = 0;
  let storedEnd = 0;

  function* parse(text: string, last: boolean): Generator<CsvRun, string> {
    const { data, errors, meta } = parser.parse(text, 0, !last);
    const [error] = errors.filter(({ row }) => last || row < data.length);
    if (error !== undefined) throw quoteError(error.code, file.path, line + newlinesIn(text.slice(0, error.index)));
    refuseNul(last ? text : text.slice(0, meta.cursor), file.path, line);
    const lines = linesOf(data, line);
    line += newlinesIn(text.slice(0, meta.cursor));
    for (const row of data) trimReturn(row);
    let start = 0;
    if (names === undefined && data[0] !== undefined) {
      names = syntax.header === false ? data[0].map((_, at) => `column${at}`) : headerNames(data[0], file.path);
      start = syntax.header === false ? 0 : 1;
    }
    const width = names?.length ?? 0;
    const rows: string[][] = [];
    const places: number[] = [];
    for (let at = start; at < data.length; at++) {
      const row = data[at] as string[];
      // Where there are several columns, a blank line can't be a row.
      if (width > 1 && row.length === 1 && row[0] === "") continue;
      if (row.length !== width) throw raggedRow(`${file.path}:${lines(at)}`, row, width, syntax);
      rows.push(row);
      places.push(at);
    }
    allRows += rows.length;
    onRead?.(allRows, storedEnd);
    if (names !== undefined) yield { names, rows, where: (row) => `${file.path}:${lines(places[row] as number)}` };
    return text.slice(meta.cursor);
  }

  let rest = "";
  let nextTry = 0;
  for await (const run of textRuns(file, maxRowBytes, signal)) {
    rest += run.text;
    storedEnd = run.storedEnd;
    if (rest.length < Math.min(nextTry, maxRowBytes)) continue;
    rest = yield* parse(rest, false);
    if (rest.length > maxRowBytes) throw tooLong(file.path, line, maxRowBytes);
    // A long quoted cell is tried again only when there is twice as much of it.
    nextTry = 2 * rest.length;
  }
  if (rest !== "") yield* parse(rest, true);
}

/** A file that was being written when the machine crashed may hold zeros in place of the rest, which is no text, and may look like no rows at all. @throws `invalid-csv` */
function refuseNul(text: string, path: string, firstLine: number): void {
  if (!text.includes("\0")) return;
  let start = 0;
  // Every second part lies within quotes, where anything may stand.
  for (const [at, part] of text.split('"').entries()) {
    const nul = at % 2 === 0 ? part.indexOf("\0") : -1;
    if (nul >= 0) {
      const before = text.slice(0, start + nul);
      const line = firstLine + newlinesIn(before);
      const character = before.length - before.lastIndexOf("\n");
      throw new ShoalError("invalid-csv", `${path}:${line}: character ${character} of the line is NUL (U+0000) and not within quotes.`, {
        hint: "The file is damaged, as after a crash while it was written, or is UTF-16: write it again, or convert it with iconv -f UTF-16 -t UTF-8.",
        failure: "bug",
        details: { path, line, character },
      });
    }
    start += part.length + 1;
  }
}

/** The line on which each row begins; counted only when somebody asks. */
function linesOf(data: readonly (readonly string[])[], first: number): (row: number) => number {
  return (row) => data.slice(0, row).reduce((line, cells) => line + 1 + cells.reduce((sum, cell) => sum + newlinesIn(cell), 0), first);
}

function newlinesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Lines may end in `\r\n`: rows are cut at `\n`, so the rest of it hangs at the last cell. */
function trimReturn(row: string[]): void {
  const last = row.length - 1;
  const cell = row[last];
  if (cell?.endsWith("\r")) row[last] = cell.slice(0, -1);
}

function headerNames(cells: readonly string[], path: string): readonly string[] {
  const names = cells.map((cell, at) => (cell === "" ? `column${at}` : cell));
  const twice = firstRepeated(names);
  if (twice !== undefined) {
    throw new ShoalError("duplicate-column", `${path}:1: the header has the column "${twice}" twice.`, { hint: "Rename one of them in the file, or read it with { header: false }.", failure: "bug", details: { path, column: twice } });
  }
  if (names.includes("__proto__")) throw badColumnName(`${path}:1: `);
  if (names.some((name) => name.includes("\r"))) {
    throw new ShoalError("invalid-csv", `${path}: lines end in \\r alone.`, { hint: "Convert the file to \\n line ends.", failure: "bug", details: { path } });
  }
  return names;
}

function quoteError(code: string, path: string, line: number): ShoalError {
  if (code === "MissingQuotes") {
    return new ShoalError("invalid-csv", `${path}:${line}: the quoted cell that begins here is never closed.`, { hint: `Close it with ", and write quotes within it twice ("").`, failure: "bug", details: { path, line } });
  }
  return new ShoalError("invalid-csv", `${path}:${line}: text follows a closing quote.`, { hint: `Write quotes within a quoted cell twice ("").`, failure: "bug", details: { path, line } });
}

function raggedRow(where: string, row: readonly string[], width: number, { header = true, delimiter }: CsvSyntax): ShoalError {
  return new ShoalError("ragged-row", `${where}: this row has ${row.length} cell${row.length === 1 ? "" : "s"} where the ${header ? "header" : "first row"} has ${width}: ${preview(row)}.`, {
    hint: `Mend the row; a cell with a delimiter in it needs quotes.${delimiter === undefined ? ' Is the delimiter right ({ delimiter: ";" })?' : ""}`,
    failure: "row",
    details: { row: where, cells: row.length, expected: width },
  });
}

function tooLong(path: string, line: number, maxRowBytes: number): ShoalError {
  return new ShoalError("line-too-long", `${path}:${line}: the row that begins here is longer than ${maxRowBytes} bytes; most likely a quote is not closed.`, { hint: "Close the quote, or raise maxRowBytes if that is meant.", failure: "bug", details: { path, line } });
}
