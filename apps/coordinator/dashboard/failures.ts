import type { JobSnapshot } from "@shoal/cluster";

export type Failure = JobSnapshot["failures"][number];

/** Failures with one code. */
export interface FailureGroup {
  readonly code: string;
  /** Of the newest of them. */
  readonly message: string;
  readonly hint?: string;
  /** The newest first. */
  readonly failures: readonly Failure[];
}

/** Failures by code, the most frequent code first. */
export function groupFailures(failures: readonly Failure[]): readonly FailureGroup[] {
  const byCode = new Map<string, Failure[]>();
  for (const failure of failures) {
    const group = byCode.get(failure.error.code);
    if (group === undefined) byCode.set(failure.error.code, [failure]);
    else group.push(failure);
  }
  return [...byCode].map(([code, group]) => {
    const newest = group[0]?.error;
    return { code, message: newest?.message ?? "", ...(newest?.hint === undefined ? {} : { hint: newest.hint }), failures: group };
  }).toSorted((a, b) => b.failures.length - a.failures.length);
}
