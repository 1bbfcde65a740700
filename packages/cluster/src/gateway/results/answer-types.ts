import type { ColumnType } from "@shoal/core";

/** What decides; whether rows are of one length differs from block to block. */
function kindOf(type: ColumnType): string {
  return type.kind === "tensor" || type.kind === "list" ? `list of ${type.element}` : type.kind;
}

/**
 * Of which types the columns of a segment's answers are. A predictor that is pure data gives the same ones for every block: whoever sends others is wrong. What they are is known
 * from the first answer of a worker that is no stranger, or of two strangers that agree.
 */
export class AnswerTypes {
  #known: ReadonlyMap<string, string> | undefined;
  /** By what strangers sent: who was the first. */
  readonly #told = new Map<string, string>();

  get areKnown(): boolean {
    return this.#known !== undefined;
  }

  /** What is wrong with the types of an answer, as a sentence. */
  fault(types: Readonly<Record<string, ColumnType>>, worker: string, isStranger: boolean): string | undefined {
    const kinds = new Map(Object.entries(types).map(([name, type]) => [name, kindOf(type)]));
    if (this.#known !== undefined) return this.#difference(this.#known, kinds, isStranger);
    const told = JSON.stringify([...kinds].map(([name, kind]) => `${name}: ${kind}`).sort());
    const first = this.#told.get(told);
    if (!isStranger || (first !== undefined && first !== worker)) {
      this.#known = kinds;
      this.#told.clear();
    } else this.#told.set(told, worker);
    return undefined;
  }

  #difference(known: ReadonlyMap<string, string>, kinds: ReadonlyMap<string, string>, isStranger: boolean): string | undefined {
    for (const [name, kind] of kinds) {
      const usual = known.get(name);
      // Nothing but missing values, of a machine that is trusted with the rows.
      if (usual === undefined || usual === kind || (!isStranger && (kind === "null" || usual === "null"))) continue;
      return `Column "${name}" is of type ${kind}, and in other results of type ${usual}.`;
    }
    return undefined;
  }
}
