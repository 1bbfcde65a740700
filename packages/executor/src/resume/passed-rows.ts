import type { Block, Span } from "@shoal/core";
import { rowsBefore, type Place, type PlaceOf } from "./place.ts";

interface Passed<Mark> {
  readonly lineage: readonly Span[];
  readonly rows: number;
  readonly mark: Mark;
}

/** How many rows of a stream were made before a place, and in which block that place lies. Places are asked for in order. */
export class PassedRows<Mark> {
  readonly #placeOf: PlaceOf;
  /** Blocks that a place may yet be asked for. */
  #blocks: Passed<Mark>[] = [];
  #rowsBefore: number;
  #lastMark: Mark;

  /** @param rows made before the place where the run goes on */
  constructor(placeOf: PlaceOf, rows: number, mark: Mark) {
    this.#placeOf = placeOf;
    this.#rowsBefore = rows;
    this.#lastMark = mark;
  }

  add({ lineage, rows }: Block, mark: Mark): void {
    if (rows > 0) this.#blocks.push({ lineage, rows, mark });
  }

  /**
   * `rows`: made before the place. `into`: as many of them are in the block in which it lies, or begins; 0 where the stream was cut there.
   * `block`: that block, where there is one yet; `mark`: what was noted with the last one that is whole before the place.
   */
  at(place: Place): { readonly rows: number; readonly into: number; readonly block?: Passed<Mark>; readonly mark: Mark } {
    let whole = 0;
    let into = 0;
    for (const block of this.#blocks) {
      const before = rowsBefore(block.lineage, place, this.#placeOf);
      if (before < block.rows) {
        into = before;
        break;
      }
      whole++;
      this.#rowsBefore += block.rows;
      this.#lastMark = block.mark;
    }
    if (whole > 0) this.#blocks.splice(0, whole);
    const [block] = this.#blocks;
    return { rows: this.#rowsBefore + into, into, mark: this.#lastMark, ...(block === undefined ? {} : { block }) };
  }
}
