import type { Inputs } from "../inputs/inputs.ts";
import type { Measurement } from "../measure.ts";
import type { Line } from "../table.ts";

/** What every section of the benchmark gets. */
export interface Bench {
  readonly inputs: Inputs;
  /** 1, or 0.1 with `--quick`. */
  readonly share: number;
  /** How often what is compared closely is run, turn by turn. */
  readonly repeats: number;
  readonly cores: number;
  /** A path for something written on the way. */
  file(name: string): string;
  log(text: string): void;
}

/** What a section gives: comparisons, and the runs they rest on. */
export interface Section {
  readonly lines: readonly Line[];
  readonly runs: readonly Run[];
}

export interface Run {
  readonly measurement: Measurement;
  /** Different inputs among its rows. */
  readonly distinct: number;
}
