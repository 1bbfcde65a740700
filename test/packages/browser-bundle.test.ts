import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, defaultClientConditions, type Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** kB gzip of what a page loads at once; formats, their libraries and the worker come when they are first used. */
const mostAtStart = 90;

interface Bundle {
  readonly files: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[];
  /** Modules of Node that something in it wanted. */
  readonly builtins: readonly string[];
}

/** A page's bundle, as vite makes it. */
async function bundled(code: string): Promise<Bundle> {
  const entry = "virtual:page.js";
  const builtins: string[] = [];
  const result = await build({
    root,
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["@shoal/source", ...defaultClientConditions] },
    worker: { format: "es", plugins: () => [seeBuiltins(builtins)] },
    build: { write: false, rolldownOptions: { input: entry, preserveEntrySignatures: "strict" } },
    plugins: [seeBuiltins(builtins), { name: "given-code", resolveId: (id) => (id === entry ? `\0${entry}` : null), load: (id) => (id === `\0${entry}` ? code : null) }],
  });
  const { output } = Array.isArray(result) ? (result[0] as Rolldown.RolldownOutput) : (result as Rolldown.RolldownOutput);
  return { files: output, builtins };
}

/** Vite itself puts an empty module in their place, which fails only when it runs. */
function seeBuiltins(builtins: string[]) {
  return {
    name: "see-builtins",
    enforce: "pre" as const,
    resolveId(id: string, importer: string | undefined): null {
      if (isBuiltin(id)) builtins.push(`${id} in ${importer?.replace(root, "")}`);
      return null;
    },
  };
}

function kilobytes(files: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): number {
  return Math.round(files.reduce((sum, file) => sum + gzipSync(file.type === "chunk" ? file.code : file.source).byteLength, 0) / 100) / 10;
}

/** A chunk with those that it imports at once. */
function atStart({ files }: Bundle): Rolldown.OutputChunk[] {
  const chunks = files.filter((file) => file.type === "chunk");
  const started = new Set(chunks.filter((chunk) => chunk.isEntry));
  for (const chunk of started) for (const name of chunk.imports) for (const other of chunks) if (other.fileName === name) started.add(other);
  return [...started];
}

describe("io in a page", () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await bundled(`import * as io from "@shoal/io"; globalThis.io = io;`);
  }, 120_000);

  test("needs nothing of Node, nor a library for images", () => {
    const modules = bundle.files.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    expect(bundle.builtins).toEqual([]);
    expect(modules.length).toBeGreaterThan(50);
    expect(modules.filter((id) => /@napi-rs|codec-libjpeg|tinyglobby|runtime\/node/.test(id))).toEqual([]);
  });

  test("has its worker beside it", () => {
    expect(bundle.files.map(({ fileName }) => fileName)).toContainEqual(expect.stringMatching(/decode-web-worker.*\.js$/));
  });

  test(`starts with at most ${mostAtStart} kB`, () => {
    const start = kilobytes(atStart(bundle));
    const sizes = bundle.files.map((file) => `${kilobytes([file])} kB ${file.fileName}`);
    expect(start, `${start} kB gzip at the start, ${kilobytes(bundle.files)} kB in all:\n${sizes.join("\n")}`).toBeLessThanOrEqual(mostAtStart);
  });

  test("and a builtin would be seen", async () => {
    const bad = await bundled(`import { readFileSync } from "node:fs"; console.log(readFileSync);`);
    expect(bad.builtins).toEqual([expect.stringContaining("node:fs") as string]);
  });
});

describe("shoal in a page", () => {
  let bundle: Bundle;
  beforeAll(async () => {
    const doors = ["shoal", "shoal/agent", "shoal/transformers", "shoal/onnx", "shoal/tiny-models"];
    bundle = await bundled(doors.map((door, at) => `import * as door${at} from "${door}"; globalThis["${door}"] = door${at};`).join("\n"));
  }, 120_000);

  test("needs nothing of Node, in the page and in its workers", () => {
    expect(bundle.builtins).toEqual([]);
    const modules = bundle.files.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    expect(modules.filter((id) => /onnxruntime-node|backend-onnx-node|child-process|runtime\/node|platform\/node|runtimes\/machine|node_modules\/ws/.test(id))).toEqual([]);
  });

  test("has its actors beside it, the libraries' files and the models", () => {
    const names = bundle.files.map(({ fileName }) => fileName);
    for (const name of [/actor-entry.*\.js$/, /ort-wasm-simd-threaded-.*\.wasm$/, /ort-wasm-simd-threaded\.asyncify.*\.wasm$/, /model-.*\.onnx$/]) expect(names).toContainEqual(expect.stringMatching(name));
  });
});
