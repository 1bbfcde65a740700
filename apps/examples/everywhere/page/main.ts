// Runs ../pipeline.ts in this tab, and shows it.
import { formatStats, fromItems, memoryFile, type RunEvent } from "shoal";
import { opinions, read } from "../pipeline.ts";

const shownRows = 12;
type Labelled = ReturnType<typeof opinions> extends AsyncIterable<infer Row> ? Row : never;

const start = element("start", HTMLButtonElement);
const device = element("device", HTMLSelectElement);
const file = element("file", HTMLInputElement);
const bar = element("bar", HTMLProgressElement);
const table = element("rows", HTMLTableSectionElement);
const link = element("download", HTMLAnchorElement);
let stop: AbortController | undefined;

start.addEventListener("click", () => (stop === undefined ? void run() : stop.abort(new DOMException("Stopped.", "AbortError"))));
link.addEventListener("click", (event) => void download(event));
let labelled: Labelled[] = [];
let total = 0;

async function run(): Promise<void> {
  stop = new AbortController();
  labelled = [];
  link.hidden = true;
  link.removeAttribute("href");
  bar.value = 0;
  start.textContent = "Stop";
  say("Fetching the model and starting actors …");
  const began = performance.now();
  try {
    total = await read(file.files?.[0]).count({ signal: stop.signal });
    const rows = opinions(file.files?.[0], device.value as "auto" | "webgpu" | "wasm").iterBatches({ batchSize: 64, batchFormat: "rows", signal: stop.signal, onEvent });
    for await (const batch of rows) {
      if (labelled.length === 0) show("first", `${((performance.now() - began) / 1000).toFixed(1)} s`);
      labelled.push(...batch);
      showRows(labelled);
    }
    say(`Done: ${labelled.length.toLocaleString()} reviews in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
    link.hidden = labelled.length === 0;
  } catch (error) {
    if (stop.signal.aborted) say(`Stopped after ${labelled.length.toLocaleString()} reviews.`);
    else say((error as Error).message, true);
  } finally {
    stop = undefined;
    start.textContent = "Start again";
  }
}

function onEvent(event: RunEvent): void {
  switch (event.kind) {
    case "actor-started": show("chosen", event.device === "wasm" ? "CPU (WASM)" : "WebGPU"); return say(`An actor is ready on ${event.device}, its model loaded in ${(event.loadMs / 1000).toFixed(1)} s.`);
    case "notice": return say(event.message);
    case "stage-progress":
      if (event.actors !== undefined) show("speed", Math.round(event.rowsPerSecond).toLocaleString());
      if (total > 0 && event.actors !== undefined && event.rowsPerSecond > 0) say(`About ${Math.ceil((total - labelled.length) / event.rowsPerSecond)} s to go.`);
      return;
    case "run-finished": return show("report", formatStats(event.stats));
    default:
  }
}

function showRows(rows: readonly Labelled[]): void {
  show("done", rows.length.toLocaleString());
  show("share", `${Math.round((100 * rows.filter(({ opinion }) => opinion === "POSITIVE").length) / rows.length)} %`);
  bar.value = total === 0 ? 0 : rows.length / total;
  table.replaceChildren(...rows.slice(-shownRows).reverse().map(({ opinion, certainty, review }) => {
    const line = document.createElement("tr");
    line.append(...[opinion, `${Math.round(100 * certainty)} %`, review].map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    line.cells[0]?.setAttribute("data-opinion", opinion);
    return line;
  }));
}

/** Made when it is asked for: by the same package that read and predicted. */
async function download(event: Event): Promise<void> {
  if (link.href.startsWith("blob:")) return;
  event.preventDefault();
  const result = memoryFile("opinions.parquet");
  await fromItems(labelled).writeParquet(result);
  link.href = URL.createObjectURL(result.toFile());
  link.download = "opinions.parquet";
  link.click();
}

function say(text: string, failed = false): void {
  show("status", text);
  document.getElementById("status")?.classList.toggle("failed", failed);
}

function show(id: string, text: string): void {
  const place = document.getElementById(id);
  if (place !== null) place.textContent = text;
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} "${id}".`);
  return found;
}
