import { withInputs, type LogicalOperator, type Read } from "../logical/logical-operator.ts";
import type { LogicalRule } from "./rule.ts";

/** Asks sources that can for only the columns that later steps name. A closure may look at any column, so it needs them all. */
export const pruneColumns: LogicalRule = {
  name: "prune-columns",
  apply: (plan) => prune(plan, undefined),
};

/** `needed` undefined: every column. */
function prune(operator: LogicalOperator, needed: ReadonlySet<string> | undefined): LogicalOperator {
  switch (operator.kind) {
    case "read": return pruneRead(operator, needed);
    case "select": return withInputs(operator, [prune(operator.input, new Set(operator.columns))]);
    case "rename": return withInputs(operator, [prune(operator.input, needed && renamedBack(needed, operator.names))]);
    case "drop": return withInputs(operator, [prune(operator.input, needed && new Set([...needed, ...operator.columns]))]);
    case "limit": case "repartition": return withInputs(operator, [prune(operator.input, needed)]);
    case "union": return withInputs(operator, operator.inputs.map((input) => prune(input, needed)));
    case "predict": {
      const { spec } = operator;
      if (spec.kind === "module" || needed === undefined) return withInputs(operator, [prune(operator.input, undefined)]);
      const below = [...needed].filter((name) => !spec.adds.includes(name));
      return withInputs(operator, [prune(operator.input, new Set([...below, ...spec.reads]))]);
    }
    default: return transformInputs(operator);
  }
}

function transformInputs(operator: LogicalOperator): LogicalOperator {
  return withInputs(operator, ("inputs" in operator ? operator.inputs : "input" in operator ? [operator.input] : []).map((input) => prune(input, undefined)));
}

function renamedBack(needed: ReadonlySet<string>, names: Readonly<Record<string, string>>): ReadonlySet<string> {
  const from = new Map(Object.entries(names).map(([oldName, newName]) => [newName, oldName]));
  // A renamed column is always looked for, so that a wrong name is an error and not silence.
  return new Set([...[...needed].map((name) => from.get(name) ?? name), ...Object.keys(names)]);
}

function pruneRead(read: Read, needed: ReadonlySet<string> | undefined): Read {
  if (needed === undefined || !read.source.prunesColumns) return read;
  const columns = [...needed].sort();
  return read.columns !== undefined && read.columns.join("\0") === columns.join("\0") ? read : { ...read, columns };
}

