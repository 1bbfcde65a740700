import { requireColumn, ShoalError, type Block, type Column } from "@shoal/core";
import type { Project } from "@shoal/planner";
import { inputOf, type Operator } from "./operator.ts";

/** Chooses, renames and drops columns; no value is touched. */
export function project(step: Project): Operator {
  return async function* ([input]) {
    for await (const block of inputOf(input)) yield projected(block, step);
  };
}

function duplicate(name: string): ShoalError {
  return new ShoalError("duplicate-column", `rename() would give two columns the name "${name}".`, { failure: "bug", hint: "Drop or rename the other one first." });
}

function projected(block: Block, { columns: chosen, rest, drop }: Project): Block {
  const columns: Record<string, Column> = {};
  if (rest) {
    const renamed = new Map(chosen);
    const dropped = new Set(drop);
    if (block.rows > 0) for (const [from] of chosen) requireColumn(block, from);
    for (const name of Object.keys(block.columns)) {
      if (dropped.has(name)) continue;
      const to = renamed.get(name) ?? name;
      if (Object.hasOwn(columns, to)) throw duplicate(to);
      columns[to] = block.columns[name] as Column;
    }
  } else {
    for (const [from, to] of chosen) {
      // A block without rows may have lost its columns on the way.
      if (block.rows === 0 && !Object.hasOwn(block.columns, from)) continue;
      columns[to] = requireColumn(block, from);
    }
  }
  return { ...block, columns };
}
