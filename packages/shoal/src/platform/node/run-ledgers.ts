import type { RunLedgers } from "@shoal/executor";

/** Ledgers of runs into files of this machine. */
export const runLedgers: RunLedgers = {
  open: async (folder) => (await import("./run-ledger.ts")).openRunLedger(folder),
  look: async (folder) => (await import("./run-ledger.ts")).lookIntoLedger(folder),
  modelVersion: async (model) => (await import("./model-version.ts")).modelVersion(model),
  versions: async () => (await import("./library-versions.ts")).libraryVersions(),
  now: () => new Date(),
};
