import type { Block, DeadLetter, Partition, Span } from "@shoal/core";
import { physicalInputsOf, type PhysicalOperator } from "@shoal/planner";
import { PassedRows } from "./passed-rows.ts";
import { comparePlaces, placeAfter, placeOfRow, type Place, type PlaceOf } from "./place.ts";
import type { StageDevice } from "./run-ledger.ts";
import { makesTogether } from "./why-not.ts";

/** What a stage that counts rows had to know when it reached a place. JSON. */
export interface StageState {
  /** Rows that it had handed on. */
  readonly rows: number;
  /** For a stage that cuts: rows that are left of the block that it was cutting, and how many are wanted in the one after it. */
  readonly first?: number;
  readonly next?: number;
  /** Rows since a batch began. */
  readonly into?: number;
}

/** What a stage that cuts says of the blocks after the one that it hands on. */
export interface CutsAhead {
  /** Rows wanted in the next one but for `first`. */
  readonly next: number | undefined;
  /** Rows that must come before that: what is left of a block of an earlier run. */
  readonly first: number;
  /** Of the block itself: rows before a batch begins in it. */
  readonly lead: number;
}

/** Where a run can go on: from a place, with what its stages knew there. JSON. */
export interface RunPosition extends Place {
  /** By the number of the stage. */
  readonly stages: Readonly<Record<string, StageState>>;
  /** Rows of the output that were made before the place. What the output holds beyond them is made again, and left out. */
  readonly rows: number;
}

/** A partition that was begun, in the order of reading. JSON. */
export interface BegunPartition {
  readonly scan: number;
  /** Its number in the scan. */
  readonly at: number;
  readonly id: string;
  readonly version: string;
}

/** What a stage that counts rows is given, and tells. */
export interface StageTracking {
  /** What it knew where the run goes on. */
  readonly start: StageState | undefined;
  /** A block is handed on. */
  passed(block: Block, ahead?: CutsAhead): void;
}

/** What a scan is given, and tells. */
export interface ScanTracking extends StageTracking {
  /** The partition, by its number, and its first row to read. */
  readonly from: { readonly partition: number; readonly row: number };
  /** The scan has come to a partition; gives what its blocks' spans are marked with. */
  begin(partition: Partition): Pick<Span, "scan">;
}

/** What became certain with a block of the output. */
export interface Advance {
  readonly position: RunPosition | undefined;
  /** Dead letters of rows before the position, and how many rows have failed before it. */
  readonly letters: readonly DeadLetter[];
  readonly failed: number;
  /** Partitions begun since the last time. */
  readonly partitions: readonly BegunPartition[];
  /** By the number of the stage. */
  readonly devices: Readonly<Record<string, StageDevice>> | undefined;
}

const nowhere: Place = { scan: 0, partition: 0, row: 0 };

/**
 * Follows a run through its lineage, so that it can be told at each block of the output where another run would have to go on: at a place in
 * what is read such that everything made before it is in the output, and which rows the stages had handed on by then.
 */
export class RunTracking {
  readonly #plan: PhysicalOperator;
  readonly #start: RunPosition | undefined;
  readonly #scans: readonly PhysicalOperator[];
  readonly #ordinals: Map<string, number>[];
  readonly #stages = new Map<number, { readonly rows: PassedRows<CutsAhead>; readonly cuts: boolean; readonly aligned: boolean }>();
  readonly #output: PassedRows<undefined>;
  #position: RunPosition | undefined;
  #candidate: Place;
  #outOfOrder = false;
  #failures: { readonly place: Place | undefined; readonly letter?: DeadLetter }[] = [];
  #failed: number;
  #begun: BegunPartition[] = [];
  readonly #devicesBefore: Readonly<Record<string, StageDevice>> | undefined;
  #devices: Readonly<Record<string, StageDevice>> | undefined;
  readonly #scanStages: number[] = [];
  readonly #placeOf: PlaceOf = (span) => {
    const scan = span.scan ?? 0;
    const partition = this.#ordinals[scan]?.get(span.partition);
    return partition === undefined ? undefined : { scan, partition, row: span.firstRow };
  };

  /**
   * @param start where the run goes on
   * @param failed rows that had failed by then
   * @param devices what the pools of the run before were started with
   */
  constructor(plan: PhysicalOperator, start?: RunPosition, failed = 0, devices?: Readonly<Record<string, StageDevice>>) {
    this.#plan = plan;
    this.#start = start;
    this.#scans = scansOf(plan);
    this.#ordinals = this.#scans.map(() => new Map());
    this.#output = new PassedRows(this.#placeOf, start?.rows ?? 0, undefined);
    this.#position = start;
    this.#candidate = start ?? nowhere;
    this.#failed = failed;
    this.#devicesBefore = devices;
    this.#devices = devices;
  }

  /** Rows that have failed, those of earlier runs included. */
  get failed(): number {
    return this.#failed;
  }

  /** Rows that were read before the place where the run goes on. */
  get readBefore(): number {
    return this.#scanStages.reduce((sum, at) => sum + (this.#start?.stages[at]?.rows ?? 0), 0);
  }

  /** Rows of the output that were made before that place. */
  get madeBefore(): number {
    return this.#start?.rows ?? 0;
  }

  /** Rows that a stage had handed on by then, where it counts them. */
  passedBefore(at: number): number | undefined {
    return this.#start?.stages[at]?.rows;
  }

  /** @param at the number of the stage: inputs first */
  stage(operator: PhysicalOperator, at: number): StageTracking | undefined {
    if (operator.kind !== "recut" && operator.kind !== "limit") return undefined;
    return this.#track(at, operator.kind === "recut", operator.kind === "recut" && this.#feedsTogether(operator));
  }

  scan(at: number): ScanTracking {
    // Two scans may be the very same object; they are asked for in the order of the plan.
    const scan = this.#scanStages.push(at) - 1;
    const ordinals = this.#ordinals[scan] as Map<string, number>;
    const start = this.#start;
    const from = start === undefined || start.scan < scan ? { partition: 0, row: 0 } : start.scan > scan ? { partition: Infinity, row: 0 } : { partition: start.partition, row: start.row };
    const tag = this.#scans.length > 1 ? { scan } : {};
    const counts = this.#track(at, false, false);
    let next = 0;
    return {
      ...counts, from,
      begin: ({ id, version }) => {
        // Two of one name can't be told apart.
        if (ordinals.has(id)) this.#outOfOrder = true;
        ordinals.set(id, next);
        // Those before the start are known.
        if (next >= from.partition) this.#begun.push({ scan, at: next, id, version });
        next++;
        return tag;
      },
    };
  }

  #track(at: number, cuts: boolean, aligned: boolean): StageTracking {
    const start = this.#start?.stages[at];
    const rows = new PassedRows<CutsAhead>(this.#placeOf, start?.rows ?? 0, { next: start?.next, first: start?.first ?? 0, lead: 0 });
    this.#stages.set(at, { rows, cuts, aligned });
    return { start, passed: (block, ahead = { next: undefined, first: 0, lead: 0 }) => rows.add(block, ahead) };
  }

  /** Rows of one block are made into others together: then a run can only go on where such a block begins. */
  #feedsTogether(recut: PhysicalOperator): boolean {
    const user = readerOf(this.#plan, recut);
    return user !== undefined && makesTogether(user);
  }

  /** What a pool is to be started with, where an earlier run has chosen it. */
  deviceOf(at: number): StageDevice | undefined {
    return this.#devicesBefore?.[at];
  }

  /** A pool's actors are started with this. */
  chose(at: number, chosen: StageDevice): void {
    this.#devices = { ...this.#devices, [at]: chosen };
  }

  failure(block: Block, row: number, letter?: DeadLetter): void {
    this.#failures.push({ place: placeOfRow(block.lineage, block.rows, row, this.#placeOf), ...(letter === undefined ? {} : { letter }) });
  }

  /** A block of the output is written. */
  wrote(block: Block): Advance {
    this.#output.add(block, undefined);
    const reached = placeAfter(block.lineage, this.#placeOf);
    if (reached !== undefined) this.#reach(reached);
    const settled = this.#position === undefined ? [] : this.#settled(this.#position);
    this.#failed += settled.length;
    return { position: this.#position, failed: this.#failed, letters: lettersOf(settled), partitions: this.#begun.splice(0), devices: this.#devices };
  }

  /** Everything is written. */
  finished(): Pick<Advance, "letters" | "failed"> {
    const settled = this.#failures.splice(0);
    this.#failed += settled.length;
    return { letters: lettersOf(settled), failed: this.#failed };
  }

  #reach(place: Place): void {
    const step = comparePlaces(place, this.#candidate);
    if (step < 0) this.#outOfOrder = true;
    if (this.#outOfOrder || (step === 0 && this.#position !== undefined)) return;
    this.#candidate = place;
    const stages: Record<string, StageState> = {};
    let aligned = true;
    for (const [at, stage] of this.#stages) {
      const { rows, into, block, mark } = stage.rows.at(place);
      if (stage.aligned && into > 0) aligned = false;
      if (!stage.cuts) stages[at] = { rows };
      else {
        const { next } = block?.mark ?? mark;
        stages[at] = { rows, first: block === undefined ? mark.first : block.rows - into + block.mark.first, into: block === undefined ? 0 : into - block.mark.lead, ...(next === undefined ? {} : { next }) };
      }
    }
    const { rows } = this.#output.at(place);
    if (aligned) this.#position = { ...place, stages, rows };
  }

  #settled(place: Place): { readonly letter?: DeadLetter }[] {
    const before = this.#failures;
    const isSettled = before.map((failure) => failure.place === undefined || comparePlaces(failure.place, place) < 0);
    this.#failures = before.filter((_, at) => !isSettled[at]);
    return before.filter((_, at) => isSettled[at]);
  }
}

function lettersOf(failures: readonly { readonly letter?: DeadLetter }[]): DeadLetter[] {
  return failures.flatMap(({ letter }) => (letter === undefined ? [] : [letter]));
}

export function scansOf(plan: PhysicalOperator): PhysicalOperator[] {
  return plan.kind === "scan" ? [plan] : physicalInputsOf(plan).flatMap(scansOf);
}

function readerOf(plan: PhysicalOperator, input: PhysicalOperator): PhysicalOperator | undefined {
  const inputs = physicalInputsOf(plan);
  if (inputs.includes(input)) return plan;
  for (const each of inputs) {
    const found = readerOf(each, input);
    if (found !== undefined) return found;
  }
  return undefined;
}
