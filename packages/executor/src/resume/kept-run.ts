import { arrowFor, encodeBlock, ShoalError, sliceBlock, type Block, type DeadLetter, type Devices } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import { inputChanges } from "./input-changes.ts";
import { planChanges } from "./plan-changes.ts";
import { planIdentity } from "./plan-identity.ts";
import { deviceChanged, resumeChanged } from "./resume-errors.ts";
import type { LedgerRecord, RunLedger, RunLedgers, StageDevice } from "./run-ledger.ts";
import { RunTracking, type BegunPartition } from "./run-tracking.ts";

/** What opening a run's ledger takes. */
export interface KeptRunParts {
  readonly plan: PhysicalOperator;
  /** Named in messages. */
  readonly location: string;
  readonly folder: string;
  readonly ledgers: RunLedgers;
  /** Go on with what is in the ledger; otherwise it begins anew. */
  readonly resume: boolean;
  readonly devices?: Devices | undefined;
  readonly signal: AbortSignal;
  /** Called once, when what is done from here on can't be kept; the run goes on. */
  readonly onProblem: (problem: ShoalError) => void;
}

/** A run that keeps what it has done, so that another can go on with it. */
export class KeptRun {
  readonly #ledger: RunLedger;
  readonly #plan: PhysicalOperator;
  readonly #onProblem: (problem: ShoalError) => void;
  #tracking: RunTracking;
  /** Rows that the output holds, and those of them that come again. */
  #rows = 0;
  #again = 0;
  #rowsKept = 0;
  #letters: DeadLetter[] = [];
  #partitions: BegunPartition[] = [];
  #open = true;
  /** Why nothing more is written down, though the run goes on. */
  #problem: ShoalError | undefined;

  private constructor(ledger: RunLedger, plan: PhysicalOperator, onProblem: (problem: ShoalError) => void) {
    this.#onProblem = onProblem;
    this.#ledger = ledger;
    this.#plan = plan;
    this.#tracking = new RunTracking(plan);
    this.#rowsKept = ledger.records.at(-1)?.rows ?? 0;
  }

  /** @throws `resume-changed`, `device-changed` when the run that was is not the one that would go on; what opening the ledger throws */
  static async open(parts: KeptRunParts): Promise<KeptRun> {
    const { plan, folder, ledgers, resume } = parts;
    const ledger = await ledgers.open(folder);
    try {
      const identity = await planIdentity(plan, ledgers);
      if (resume && ledger.head !== undefined && ledger.records.length > 0) await assertUnchanged(ledger, planChanges(ledger.head.identity, identity), parts);
      else await ledger.begin({ identity, startedAt: ledgers.now().toISOString() });
      return new KeptRun(ledger, plan, parts.onProblem);
    } catch (error) {
      await ledger.close().catch(() => {});
      throw error;
    }
  }

  get tracking(): RunTracking {
    return this.#tracking;
  }

  /** Rows that are written down: those that a later run would find. */
  get rowsKept(): number {
    return this.#rowsKept;
  }

  get startedAt(): string | undefined {
    return this.#ledger.head?.startedAt;
  }

  /** An earlier run's devices are used again. */
  get hasDevices(): boolean {
    return this.#ledger.records.some(({ devices }) => devices !== undefined);
  }

  /** Gives what is written down to the output that begins anew. True when that is all of it. */
  async replay(write: (block: Block) => Promise<void>, writeLetters: (letters: readonly DeadLetter[]) => Promise<void>): Promise<boolean> {
    let last: LedgerRecord | undefined;
    for (const [at, record] of this.#ledger.records.entries()) {
      if (record.rows > this.#rows) {
        const bytes = await this.#ledger.block(at);
        if (bytes === undefined) {
          await this.#ledger.cut(at);
          break;
        }
        const { decodeBlock } = await import("@shoal/core/arrow");
        await write(decodeBlock(bytes));
      }
      if (record.letters !== undefined) await writeLetters(record.letters);
      this.#rows = record.rows;
      last = record;
    }
    this.#rowsKept = this.#rows;
    if (last === undefined) return false;
    this.#again = this.#rows - (last.position?.rows ?? 0);
    this.#tracking = new RunTracking(this.#plan, last.position, last.failed, devicesOf(this.#ledger.records));
    // One without rows has its columns from the run.
    return last.complete === true && this.#rows > 0;
  }

  /** The rows of a block that the output does not hold yet. */
  fresh(block: Block): Block {
    const again = Math.min(this.#again, block.rows);
    return again === 0 ? block : sliceBlock(block, again);
  }

  /** A block is in the output, as far as it was fresh. */
  async commit(block: Block, fresh: Block): Promise<void> {
    this.#again -= block.rows - fresh.rows;
    const { position, failed, letters, partitions, devices } = this.#tracking.wrote(block);
    this.#letters.push(...letters);
    this.#partitions.push(...partitions);
    this.#rows += fresh.rows;
    if (fresh.rows === 0 || this.#problem !== undefined) return;
    let bytes: Uint8Array;
    try {
      assertKeepable(fresh);
      await arrowFor(fresh);
      bytes = encodeBlock({ ...fresh, lineage: [] });
    } catch (error) {
      this.#problem = ShoalError.from(error);
      this.#onProblem(this.#problem);
      return;
    }
    await this.#write({ rows: this.#rows, failed, ...(position === undefined ? {} : { position }), ...(devices === undefined ? {} : { devices }) }, bytes);
  }

  async #write(record: LedgerRecord, bytes?: Uint8Array): Promise<void> {
    const [letters, partitions] = [this.#letters.splice(0), this.#partitions.splice(0)];
    await this.#ledger.commit({ ...record, ...(letters.length > 0 && { letters }), ...(partitions.length > 0 && { partitions }) }, bytes);
    this.#rowsKept = record.rows;
  }

  /** Everything is in the output: all that is left is to publish it. Nothing can be written down any more. */
  async complete(): Promise<void> {
    const { letters, failed } = this.#tracking.finished();
    this.#letters.push(...letters);
    const position = this.#ledger.records.at(-1)?.position;
    if (this.#problem === undefined) await this.#write({ rows: this.#rows, failed, complete: true, ...(position === undefined ? {} : { position }) });
    await this.close();
  }

  /** Everything written down is on the disk. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#ledger.close();
  }
}

/** @throws `unexpected` for a value that would come back as another one */
function assertKeepable(block: Block): void {
  for (const [name, { type, values }] of Object.entries(block.columns)) {
    if (type.kind !== "json" || !(values as readonly unknown[]).some(isLossy)) continue;
    throw new ShoalError("unexpected", `Column "${name}" has bytes, or an integer beyond 2^53, inside a nested value.`);
  }
}

/** JSON has no form for it, and sinks write it in one of their own. */
function isLossy(value: unknown): boolean {
  if (typeof value === "bigint") return !Number.isSafeInteger(Number(value));
  if (typeof value !== "object" || value === null) return false;
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array || value instanceof BigInt64Array || value instanceof BigUint64Array;
  return Object.values(value).some(isLossy);
}

async function assertUnchanged(ledger: RunLedger, planned: readonly string[], { plan, location, devices, signal }: KeptRunParts): Promise<void> {
  const last = ledger.records.at(-1);
  const changes = [...planned];
  if (last?.position !== undefined) changes.push(...(await inputChanges(plan, ledger.records, last.position, signal)));
  if (changes.length > 0) throw resumeChanged(location, last?.rows ?? 0, changes);
  const used = Object.values(devicesOf(ledger.records) ?? {});
  const there = used.length === 0 ? undefined : await devices?.candidates();
  const gone = there && used.find(({ device }) => !there.includes(device));
  if (gone !== undefined) throw deviceChanged(location, gone.device, there);
}

function devicesOf(records: readonly LedgerRecord[]): Readonly<Record<string, StageDevice>> | undefined {
  return records.findLast(({ devices }) => devices !== undefined)?.devices;
}
