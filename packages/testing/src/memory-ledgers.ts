import { jsonSafe } from "@shoal/core";
import type { LedgerHead, LedgerRecord, RunLedger, RunLedgers } from "@shoal/executor";

interface Kept {
  head: LedgerHead | undefined;
  records: { readonly record: LedgerRecord; readonly block: Uint8Array | undefined }[];
}

/** Ledgers in memory. What is in them is JSON and bytes, as on a disk. */
export interface MemoryLedgers extends RunLedgers {
  /** How many records a folder's ledger has. */
  count(folder: string): number;
  /** The ledger of a folder as a process would have left it that was killed after so many records. */
  copy(from: string, to: string, records: number): void;
  /** Asked for with the model's name. */
  models: Record<string, string>;
  libraries: Record<string, string>;
}

export function memoryLedgers(): MemoryLedgers {
  const folders = new Map<string, Kept>();
  const keptIn = (folder: string): Kept => {
    const kept = folders.get(folder) ?? { head: undefined, records: [] };
    folders.set(folder, kept);
    return kept;
  };
  return {
    models: {},
    libraries: { shoal: "1" },
    count: (folder) => keptIn(folder).records.length,
    copy(from, to, records) {
      const { head, records: all } = keptIn(from);
      folders.set(to, { head, records: all.slice(0, records) });
    },
    open: async (folder) => ledgerOf(keptIn(folder)),
    async look(folder) {
      const { head, records } = keptIn(folder);
      const last = records.at(-1);
      if (head === undefined || (last === undefined && head.elsewhere === undefined)) return undefined;
      return { rows: last?.record.rows ?? 0, startedAt: head.startedAt, lastAt: head.startedAt, ...(head.elsewhere !== undefined && { elsewhere: head.elsewhere }) };
    },
    async modelVersion(model) {
      return this.models[model];
    },
    async versions() {
      return { ...this.libraries };
    },
    now: () => new Date(0),
  };
}

function ledgerOf(kept: Kept): RunLedger {
  const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value, jsonSafe)) as T;
  return {
    get head() {
      return kept.head;
    },
    get records() {
      return kept.records.map(({ record }) => record);
    },
    async begin(head) {
      kept.head = asJson(head);
      kept.records = [];
    },
    block: async (at) => kept.records[at]?.block?.slice(),
    async cut(at) {
      kept.records.splice(at);
    },
    async commit(record, block) {
      kept.records.push({ record: asJson(record), block: block?.slice() });
    },
    close: async () => {},
  };
}
