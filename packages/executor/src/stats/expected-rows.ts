import type { PhysicalOperator, Scan } from "@shoal/planner";
import { rowsOf, scansOf } from "./count-rows.ts";
import type { StageRecorder } from "./stage-recorder.ts";

/** What a source says of itself before it is read. */
interface Size {
  readonly rows?: number;
  readonly bytes?: number;
}

/** How many rows a run will read: what its sources know, or, where they know their bytes alone, what so many bytes have been so far. */
export class ExpectedRows {
  readonly #plan: PhysicalOperator;
  readonly #readBefore: number;
  readonly #sizes: ReadonlyMap<Scan, Size>;
  readonly #records: ReadonlyMap<Scan, StageRecorder>;
  /** No source has to be estimated. */
  readonly isExact: boolean;

  /**
   * @param records of all stages
   * @param readBefore rows that an earlier run has read
   * @throws what is wrong with a source
   */
  static async of(plan: PhysicalOperator, records: readonly StageRecorder[], signal: AbortSignal, readBefore: number): Promise<ExpectedRows> {
    return new ExpectedRows(plan, records, new Map(await Promise.all(scansOf(plan).map(async (scan) => [scan, await sizeOf(scan, signal)] as const))), readBefore);
  }

  private constructor(plan: PhysicalOperator, records: readonly StageRecorder[], sizes: ReadonlyMap<Scan, Size>, readBefore: number) {
    this.#plan = plan;
    this.#sizes = sizes;
    this.#readBefore = readBefore;
    const scanning = records.filter(({ kind }) => kind === "scan");
    this.#records = new Map(scansOf(plan).map((scan, at) => [scan, scanning[at] as StageRecorder]));
    this.isExact = rowsOf(plan, (scan) => sizes.get(scan)?.rows, "at most") !== undefined;
  }

  /** Of the plan, those that were read before among them; undefined as long as nothing tells. */
  all(): number | undefined {
    return rowsOf(this.#plan, (scan) => this.#sizes.get(scan)?.rows ?? this.#estimated(scan), "at most");
  }

  /** Those that this run will read. */
  left(): number | undefined {
    const all = this.all();
    return all === undefined ? undefined : Math.max(0, all - this.#readBefore);
  }

  #estimated(scan: Scan): number | undefined {
    const bytes = this.#sizes.get(scan)?.bytes;
    const { read } = this.#records.get(scan) ?? {};
    if (bytes === undefined || read === undefined || read.bytes === 0) return undefined;
    return Math.round((read.rows / read.bytes) * bytes);
  }
}

async function sizeOf({ source }: Scan, signal: AbortSignal): Promise<Size> {
  const rows = await source.countRows?.(signal);
  if (rows !== undefined) return { rows };
  const bytes = await source.countBytes?.(signal);
  return bytes === undefined ? {} : { bytes };
}
