import { measure, script, type Measurement } from "../measure.ts";
import { quantity, type Line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const limitSeconds = 1.5;

/** From process start to the first row of three, with the models that ship. */
export async function start(bench: Bench): Promise<Section> {
  const lines: Line[] = [];
  for (const task of ["classify", "generate"] as const) {
    const tries: Measurement[] = [];
    for (let turn = 0; turn < 5; turn++) tries.push(await measure(`three rows: ${task}`, script("jobs/three-rows", { task })));
    const firstRow = tries.map((one) => one.firstRow).sort((a, b) => a - b)[2] as number;
    bench.log(`first of three rows, ${task}: ${firstRow.toFixed(2)} s`);
    lines.push({ what: `first row of a job of three, ${task === "classify" ? "classifier" : "text generator"} (median of 5)`, shoal: quantity(firstRow, "s"), baseline: `${limitSeconds} s`, ratio: firstRow / limitSeconds, target: "≤ 1", met: firstRow <= limitSeconds });
  }
  return { lines, runs: [] };
}
