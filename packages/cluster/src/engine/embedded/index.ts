export { localDisk, type Disk, type DiskFile } from "./disk.ts";
export { holdFolder } from "./hold-folder.ts";
export type { JournalOptions } from "./journal.ts";
export { openEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions } from "./open-embedded-engine.ts";
export { repairJournal, type Repair } from "./repair-journal.ts";
