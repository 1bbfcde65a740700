import type { ColumnType } from "@shoal/core";

/** What decides; whether rows are of one length differs from block to block. */
function kindOf(type: ColumnType): string {
  return type.kind === "tensor" || type.kind === "list" ? `list of ${type.element}` : type.kind;
}

/**
 * Of which types the columns of a segment's answers are. A predictor that is pure data gives the same ones for every block: whoever sends others is wrong. What one is is known
 * from the first answer of a worker that is no stranger, or of two strangers that agree. Nothing but missing values tell nothing of a type. Of a
 * machine that is trusted with the rows they are nothing wrong; a stranger's are, where the type is known: else that would be the easiest answer of all.
 */
export class AnswerTypes {
  readonly #known = new Map<string, string>();
  /** By column and type, as strangers sent it: who was the first. */
  readonly #told = new Map<string, string>();

  get areKnown(): boolean {
    return this.#known.size > 0;
  }

  /** What is wrong with the types of an answer, as a sentence. */
  fault(types: Readonly<Record<string, ColumnType>>, worker: string, isStranger: boolean): string | undefined {
    const kinds = Object.entries(types).map(([name, type]): [string, string] => [name, kindOf(type)]).filter(([, kind]) => isStranger || kind !== "null");
    for (const [name, kind] of kinds) {
      const usual = this.#known.get(name);
      if (usual !== undefined && usual !== kind) return `Column "${name}" is of type ${kind}, and in other results of type ${usual}.`;
    }
    for (const [name, kind] of kinds) if (kind !== "null" && !this.#known.has(name)) this.#learn(name, kind, worker, isStranger);
    return undefined;
  }

  #learn(name: string, kind: string, worker: string, isStranger: boolean): void {
    const told = JSON.stringify([name, kind]);
    const first = this.#told.get(told);
    if (isStranger && (first === undefined || first === worker)) return void this.#told.set(told, worker);
    this.#known.set(name, kind);
    this.#told.delete(told);
  }
}
