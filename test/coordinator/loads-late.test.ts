import { fileURLToPath } from "node:url";
import { rolldown, type OutputChunk } from "rolldown";
import { expect, test } from "vitest";

const app = fileURLToPath(new URL("../../apps/coordinator/src/index.ts", import.meta.url));

test("the libraries that serve visitors are loaded for the first of them, and none when a coordinator is imported", async () => {
  await using bundle = await rolldown({ input: app, platform: "node", external: (id) => id === "#dashboard-page" || !/^[./#]/.test(id), logLevel: "silent" });
  const chunks = (await bundle.generate({ format: "esm" })).output.filter((each): each is OutputChunk => each.type === "chunk");
  const chunkOf = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const atStart = new Set<string>();
  const load = (name: string): void => {
    if (atStart.has(name)) return;
    atStart.add(name);
    for (const next of chunkOf.get(name)?.imports ?? []) load(next);
  };
  for (const { isEntry, fileName } of chunks) if (isEntry) load(fileName);
  const libraries = ["@hono/node-server", "hono", "selfsigned", "ws"];
  expect(libraries.filter((name) => atStart.has(name))).toEqual([]);
  expect(atStart).toContain("@shoal/cluster");
  const later = new Set(chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]));
  expect(libraries.filter((name) => later.has(name))).toEqual(libraries);
});
