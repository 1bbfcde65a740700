// node --import @shoal/workers/ts-loader run.ts, bun run.ts, deno run run.ts
import { opinions } from "./pipeline.ts";

const counts: Record<string, number> = {};
let first: string | undefined;
for await (const { review, opinion, certainty } of opinions()) {
  first ??= `${opinion} (${Math.round(100 * certainty)} %): ${review}`;
  counts[opinion] = (counts[opinion] ?? 0) + 1;
}
console.log(first);
console.log(counts);
