// A script whose first actor loses its GPU device in the middle of a run; then says what became of the rows.
import { forkActor, type RunEvent } from "shoal";
import { labelled, wrongRows, type Opinion } from "./opinion-rows.ts";

let actors = 0;
const worker = () => forkActor(new URL(actors++ === 0 ? "./page/doomed-worker.ts" : "./page/worker.ts", import.meta.url));
const events: RunEvent[] = [];
const rows: Opinion[] = [];
for await (const row of labelled((id) => id < 96, "webgpu").iterRows({ worker, onEvent: (event) => events.push(event) })) rows.push(row);

console.log(JSON.stringify({
  wrong: wrongRows(rows, 96),
  lost: events.flatMap((event) => (event.kind === "actor-lost" ? [event.reason] : [])),
  devices: events.flatMap((event) => (event.kind === "actor-started" ? [event.device] : [])),
}));
