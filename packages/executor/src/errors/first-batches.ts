import { ShoalError, type BlockResult } from "@shoal/core";

const tolerated = 3;

/** Watches for a predictor that never works: its first three batches fail whole (law 9). */
export class FirstBatches {
  #failed = 0;
  #over = false;

  /** @throws `first-batches-failed` */
  check(step: string, result: BlockResult): void {
    if (this.#over) return;
    const [first] = result.failures;
    if (result.block.rows > 0 || first === undefined) {
      this.#over = true;
      return;
    }
    // A block whose actor was lost each time has no batches to show.
    this.#failed += Math.max(1, result.batches.filter((batch) => batch.part !== true).length);
    if (this.#failed < tolerated) return;
    this.#over = true;
    throw new ShoalError("first-batches-failed", `The first ${this.#failed} batches of ${step} failed, every row of them; the run stops. The first error: ${first.error.message}`, {
      cause: ShoalError.fromData(first.error),
      failure: "bug",
      hint: first.error.hint ?? "Try the predictor on a few rows first; when these rows are really bad, leave them out with a filter.",
      details: { step, failedBatches: this.#failed },
    });
  }
}
