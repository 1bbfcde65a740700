import type { JobSnapshot, SegmentSnapshot, Snapshot, WorkerSnapshot } from "@shoal/cluster";

/** When every scene starts, milliseconds since 1970. */
export const startedAt = Date.UTC(2026, 0, 5, 9, 30);

const blockRows = 64;

interface Member extends Pick<WorkerSnapshot, "label" | "host" | "runtime" | "devices" | "state"> {
  readonly speed: number;
  readonly joinsAt?: number;
  readonly more?: Partial<WorkerSnapshot>;
}

const fleet: readonly Member[] = [
  { label: "workbench", host: "machine", runtime: "Node 24.3", devices: ["cuda", "cpu"], state: "computing", speed: 640 },
  { label: "Chromium on studio-mac", host: "tab", runtime: "Chromium 141", devices: ["webgpu", "wasm"], state: "computing", speed: 310, joinsAt: 20 },
  { label: "garden-pi", host: "machine", runtime: "Deno 2.9", devices: ["cpu"], state: "computing", speed: 46, joinsAt: 8 },
  { label: "Chromium on a phone", host: "tab", runtime: "Chromium 141", devices: ["wasm"], state: "computing", speed: 28, joinsAt: 45, more: { notice: "This page is not a secure context, so it has no WebGPU: it computes with WASM.", failures: 2 } },
  { label: "reading-room", host: "machine", runtime: "Bun 1.4", devices: ["cpu"], state: "loading", speed: 0, joinsAt: 70, more: { loading: { doneBytes: 41_200_000, bytes: 66_900_000 } } },
  { label: "attic", host: "machine", runtime: "Node 22.19", devices: ["cpu"], state: "silent", speed: 0, joinsAt: 3, more: { rowsDone: 2304, blocksDone: 36, failures: 1 } },
  { label: "Firefox on a train", host: "tab", runtime: "Firefox 146", devices: ["wasm"], state: "gone", speed: 0, joinsAt: 30, more: { rowsDone: 896, blocksDone: 14 } },
];

const reviews = [
  "I came for the fish and stayed for the quiet. Service slow, kindness quick.",
  "Nothing on the plate tasted of anything at all.",
  "We waited an hour, and would again: the broth alone is worth the train, the bread is baked while you watch, the room smells of cedar and rain, and nobody hurries you out when the last cup is empty and the chairs go up on the tables around you.",
  "Too loud, too salty, too dear.",
  "My daughter, who eats nothing, ate everything.",
];

/** Five bars as a picture of its own, so that pictures of samples differ. */
function picture(seed: number): string {
  const bars = Array.from({ length: 6 }, (_, bar) => `<rect x="${8 + bar * 24}" y="${84 - ((seed * (bar + 3) * 17) % 70)}" width="16" height="90" fill="hsl(${190 + ((seed * 7 + bar * 9) % 40)} 55% ${35 + bar * 6}%)"/>`);
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90"><rect width="160" height="90" fill="#dfeaec"/>${bars.join("")}</svg>`)}`;
}

/** A job over reviews after so many seconds, with the workers that are there by then. */
export function scene(second: number, options: { readonly totalRows?: number; readonly troubled?: boolean } = {}): Snapshot {
  const { totalRows = 120_000, troubled = true } = options;
  const at = startedAt + second * 1000;
  const breath = (index: number) => 1 + 0.12 * Math.sin(second / 7 + index * 1.9) + 0.05 * Math.sin(second * 1.3 + index);
  const workers = fleet.flatMap((member, index): WorkerSnapshot[] => {
    const { joinsAt = 0, speed, more, ...rest } = member;
    if (second < joinsAt) return [];
    const rowsDone = Math.round(speed * (second - joinsAt));
    return [{
      ...rest, worker: `w${index}`, ...(rest.devices[0] === undefined ? {} : { device: rest.devices[0] }), joinedAt: startedAt + joinsAt * 1000,
      rowsDone, blocksDone: Math.floor(rowsDone / blockRows), rowsPerSecond: speed * breath(index) * Math.min(1, (second - joinsAt) / 8), failures: 0, ...more,
    }];
  });
  const rowsDone = Math.min(totalRows, workers.reduce((sum, worker) => sum + worker.rowsDone, 0));
  const rowsPerSecond = workers.reduce((sum, worker) => sum + worker.rowsPerSecond, 0);
  const over = rowsDone >= totalRows;
  const job: JobSnapshot = {
    job: "j1", name: "sentiment of reviews", state: over ? "done" : "running", startedAt, volunteers: true, rowsDone, rowsTotal: totalRows,
    rowsPerSecond: over ? 0 : rowsPerSecond, failedRows: troubled ? Math.floor(rowsDone / 9000) : 0,
    ...(over ? { endedAt: at } : rowsPerSecond > 0 ? { etaMs: ((totalRows - rowsDone) / rowsPerSecond) * 1000 } : {}),
    segments: [segment(Math.floor(rowsDone / blockRows), Math.ceil(totalRows / blockRows), troubled && !over)],
    bottleneck: over ? "" : "Workers are the limit: 1,204 blocks wait, and each worker has all that it can hold.",
    samples: Array.from({ length: 12 }, (_, index) => {
      const row = Math.floor(second) * 3 - index + 40;
      return { id: row, review: reviews[row % reviews.length], opinion: row % 5 === 1 || row % 5 === 3 ? "NEGATIVE" : "POSITIVE", certainty: 0.9 + (row % 97) / 1000, ...(row % 3 === 0 ? { photo: picture(row) } : {}) };
    }),
    failures: troubled && rowsDone > 9000 ? [
      { segment: 0, block: 388, row: 24_836, error: { code: "bad-image", message: "Row 24,836, column \"photo\": the JPEG ends in the middle.", hint: "Leave such rows out with onError: \"skip\".", failure: "row" } },
      { segment: 0, block: 131, row: 8401, error: { code: "text-too-long", message: "Row 8,401, column \"review\": 9,120 tokens, and the model takes 512.", hint: "Set truncation: true, or cut the text before.", failure: "row" } },
      { segment: 0, block: 130, row: 8390, error: { code: "text-too-long", message: "Row 8,390, column \"review\": 611 tokens, and the model takes 512.", hint: "Set truncation: true, or cut the text before.", failure: "row" } },
    ] : [],
  };
  return { at, name: "harbour", jobs: [job], workers, refused: troubled ? { "bad-token": 3 } : {} };
}

function segment(done: number, total: number, troubled: boolean): SegmentSnapshot {
  const rest = total - done;
  const [leased, committing, ready] = [Math.min(rest, 34), Math.min(Math.max(0, rest - 34), 3), Math.min(Math.max(0, rest - 37), 220)];
  const map: [string, number][] = [];
  const add = (state: string, blocks: number) => void (blocks > 0 && map.push([state, blocks]));
  if (troubled && done > 420) for (const [state, blocks] of [["d", 130], ["q", 2], ["d", 256], ["s", 1], ["d", done - 389]] as const) add(state, blocks);
  else add("d", done);
  add("l", Math.floor(leased / 2));
  if (troubled && leased > 2) add("t", 1);
  add("c", committing);
  add("l", leased - Math.floor(leased / 2) - (troubled && leased > 2 ? 1 : 0));
  add("r", ready);
  return { segment: 0, name: "sentiment-mini", rowsDone: done * blockRows, blocks: { ready, leased, committing, done, troubled: troubled ? 1 : 0, total }, map };
}

/** A snapshot as large as can be: so many workers, and a job of so many blocks whose states change so often. */
export function hugeScene(second: number, workers: number, blocks: number, runs: number): Snapshot {
  const base = scene(90 + second);
  const map: [string, number][] = [];
  const done = Math.floor(blocks * Math.min(0.9, 0.3 + second / 100));
  const states = ["d", "l", "d", "r", "d", "c", "d", "t"];
  const length = Math.max(1, Math.floor(blocks / runs));
  for (let at = 0; at < blocks; at += length) map.push([at < done ? (states[(at / length + second) % 8 | 0] as string) : "r", Math.min(length, blocks - at)]);
  const job = base.jobs[0] as JobSnapshot;
  const first = job.segments[0] as SegmentSnapshot;
  return {
    ...base,
    jobs: [{ ...job, state: "running", rowsPerSecond: workers * 22.4, etaMs: ((blocks - done) * 64_000) / (workers * 22.4), rowsDone: done * 64, rowsTotal: blocks * 64, segments: [{ ...first, blocks: { ...first.blocks, total: blocks }, map }] }],
    workers: Array.from({ length: workers }, (_, index) => ({
      ...(base.workers[index % 4] as WorkerSnapshot), worker: `w${index}`, label: `worker ${index}`, state: index % 50 === 49 ? "gone" : "computing",
      rowsDone: (index + 1) * 640, rowsPerSecond: 5 + (index % 37) * (1 + 0.2 * Math.sin(second + index)),
    })),
  };
}
