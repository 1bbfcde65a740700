import type { ColumnType } from "@shoal/core";

/** Of which kind each column of an answer is. */
export type AnswerKinds = ReadonlyMap<string, string>;

/** Who answers. */
export interface Answerer {
  readonly name: string;
  readonly isStranger: boolean;
}

/** Two words that can't both be right. */
export interface TypesDiffer {
  readonly column: string;
  readonly kind: string;
  readonly usual: string;
  /** Who said the usual. */
  readonly says: string;
}

export type TypesVerdict =
  | { readonly verdict: "fits" }
  | { readonly verdict: "fault"; readonly fault: string }
  | { readonly verdict: "differ"; readonly differ: TypesDiffer };

/** Strangers that agree. */
const enough = 2;

interface Usual {
  readonly kind: string;
  /** Machines that are trusted and have said so; nobody where only strangers have. */
  readonly says: Set<string>;
}

/** What decides; whether rows are of one length differs from block to block. Nothing but missing values tell nothing of a type. */
export function kindsOf(types: Readonly<Record<string, ColumnType>>): AnswerKinds {
  return new Map(Object.entries(types).flatMap(([name, type]): [string, string][] => (type.kind === "null" ? [] : [[name, type.kind === "tensor" || type.kind === "list" ? `list of ${type.element}` : type.kind]])));
}

/**
 * Of which types the columns of a segment's answers are. A predictor that is pure data gives the same ones for every block: whoever sends others is wrong. What they are a machine that
 * is trusted says by its first answer; of strangers two, of whom each has something in the ledger. So nobody shuts others out with an answer that came to nothing, and a trusted machine's word goes before all of theirs.
 */
export class AnswerTypes {
  readonly #usual = new Map<string, Usual>();
  #kinds: AnswerKinds | undefined;
  /** By column and kind: whose answers of it stand in the ledger, the first of them. */
  readonly #committed = new Map<string, Map<string, Set<string>>>();
  readonly #spoke = new Set<string>();

  /** Whether this machine has told what it gives. */
  knows(worker: string): boolean {
    return this.#spoke.has(worker);
  }

  /** What columns are, as far as that is known. */
  get usual(): AnswerKinds {
    // Asked for with each result.
    return (this.#kinds ??= new Map([...this.#usual].map(([column, { kind }]) => [column, kind])));
  }

  /** Whether a machine that is trusted has. */
  get areVouched(): boolean {
    return this.#spoke.size > 0;
  }

  /**
   * What is to be thought of an answer. A trusted machine's word is kept, whose answer fits or begins something new.
   * @param mayAnswer whether one of these machines is there that could do the block instead: then who says otherwise is wrong. Where none is, nobody would ever do it, and either the words
   * of those who are gone count for nothing more, or the job can't go on, for of what stands in the ledger nothing can be taken back.
   */
  judge(kinds: AnswerKinds, { name, isStranger }: Answerer, mayAnswer: (workers: ReadonlySet<string>) => boolean): TypesVerdict {
    const overturned: string[] = [];
    for (const [column, kind] of kinds) {
      const usual = this.#usual.get(column);
      if (usual !== undefined && usual.kind !== kind && (isStranger || usual.says.has(name) || (usual.says.size > 0 && mayAnswer(usual.says)))) {
        return { verdict: "fault", fault: `Column "${column}" is of type ${kind}, and in other results of type ${usual.kind}.` };
      }
      if (isStranger) continue;
      for (const [other, [says]] of this.#committed.get(column) ?? []) if (other !== kind && says !== undefined) return { verdict: "differ", differ: { column, kind, usual: other, says } };
      if (usual !== undefined && usual.kind !== kind) overturned.push(column);
    }
    if (isStranger) return { verdict: "fits" };
    for (const column of overturned) {
      this.#usual.delete(column);
      this.#kinds = undefined;
    }
    for (const [column, kind] of kinds) {
      const { says } = this.#usual.get(column) ?? this.#settle(column, kind);
      says.add(name);
    }
    this.#spoke.add(name);
    return { verdict: "fits" };
  }

  /** The ledger has an answer of these. */
  committed(kinds: AnswerKinds, { name, isStranger }: Answerer): void {
    for (const [column, kind] of kinds) {
      let ofColumn = this.#committed.get(column);
      if (ofColumn === undefined) this.#committed.set(column, (ofColumn = new Map()));
      let by = ofColumn.get(kind);
      if (by === undefined) ofColumn.set(kind, (by = new Set()));
      // Two are enough, and names of strangers cost nothing.
      if (by.size < enough) by.add(name);
      if (isStranger && by.size === enough && !this.#usual.has(column)) this.#settle(column, kind);
    }
  }

  #settle(column: string, kind: string): Usual {
    const usual: Usual = { kind, says: new Set() };
    this.#usual.set(column, usual);
    this.#kinds = undefined;
    return usual;
  }
}
