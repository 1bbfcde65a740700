/** A file that is kept for whoever may need it again. */
export interface KeptFile {
  readonly sha256: string;
  readonly bytes: number;
  /** When it was last asked for, in milliseconds since 1970. */
  readonly usedAt: number;
}

export interface FileLimits {
  /** Of all files together, those that a running job needs among them. */
  readonly mostBytes: number;
  /** A file that nobody asked for in so long is not kept. */
  readonly unusedMs: number;
}

/** Days of work with models as large as machines take. */
export const defaultFileLimits: FileLimits = { mostBytes: 64 * 2 ** 30, unusedMs: 30 * 24 * 3_600_000 };

/** Whoever asked whether a file is here may be about to read it. */
export const fileGraceMs = 3_600_000;

/**
 * Which files go: those unused for long, and where all together are too many bytes, those first that were used longest ago.
 * @param graceMs what was asked for within this time stays
 */
export function filesToRemove(files: readonly KeptFile[], isNeeded: (sha256: string) => boolean, now: number, { mostBytes, unusedMs }: FileLimits, graceMs: number = fileGraceMs): readonly string[] {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const removed: string[] = [];
  for (const file of files.toSorted((a, b) => a.usedAt - b.usedAt)) {
    const unusedForMs = now - file.usedAt;
    if (isNeeded(file.sha256) || unusedForMs < graceMs || (bytes <= mostBytes && unusedForMs < unusedMs)) continue;
    bytes -= file.bytes;
    removed.push(file.sha256);
  }
  return removed;
}
