import type { RunEvent } from "shoal";

export function bar(write = (text: string): unknown => process.stderr.write(text)): (event: RunEvent) => void {
  let total = 0;
  let last = 0;
  return (event) => {
    if (event.kind === "run-started") last = event.stages.length - 1; // the stage nearest to the output
    else if (event.kind === "total-rows") total = event.rows;
    else if (event.kind === "run-finished" || event.kind === "run-failed") write("\n");
    else if (event.kind === "stage-progress" && event.stage === last && total > 0) {
      write(`\r${"█".repeat((30 * event.rowsOut) / total).padEnd(30, "░")} ${event.rowsOut} of ${total}, ${Math.ceil((event.etaMs ?? 0) / 1000)} s left `);
    }
  };
}
