import { ShoalError } from "@shoal/core";

/** What an output directory of ours may hold, and what systems leave in any directory. */
const ours = /^(part-\d{5,}\.\w+(\.\w+)*|_dead-letters\.jsonl|_manifest\.json|\.DS_Store|Thumbs\.db|desktop\.ini)$/;

/**
 * An overwritten directory goes away whole, so it must hold nothing but an output: a mistyped path would cost what else lies there.
 * @param names of its entries.
 * @throws `output-not-ours`
 */
export function refuseStrangers(names: readonly string[], location: string): void {
  const strangers = names.filter((name) => !ours.test(name)).toSorted();
  if (strangers.length === 0) return;
  const shown = strangers.slice(0, 3).map((name) => `"${name}"`).join(", ");
  throw new ShoalError("output-not-ours", `Can't overwrite the directory "${location}": it holds what is no output, ${shown}${strangers.length > 3 ? ` and ${strangers.length - 3} more` : ""}, which would go with it.`, {
    hint: "Name a directory of its own for the output, or move these away.",
    failure: "bug",
    details: { path: location, strangers: strangers.slice(0, 20) },
  });
}
