import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every module that a bundle for no particular platform still wants from outside. */
async function importsLeftOutside(input: string, code?: string): Promise<string[]> {
  const bundle = await rolldown({
    input,
    cwd: root,
    platform: "neutral",
    resolve: { conditionNames: ["@shoal/source", "import", "default"], mainFields: ["module", "main"] },
    external: (id) => isBuiltin(id) || id.startsWith("onnxruntime-web"),
    logLevel: "silent",
    plugins: code === undefined ? [] : [{ name: "given-code", resolveId: (id) => (id === input ? id : null), load: (id) => (id === input ? code : null) }],
  });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  return output.flatMap((file) => (file.type === "chunk" ? [...file.imports, ...file.dynamicImports] : [])).filter(isBuiltin);
}

describe("a bundle for the browser needs nothing of Node", () => {
  test.each(["core", "planner", "executor", "dataset", "cluster", "ort-sessions", "backend-onnx"])("%s", async (name) => {
    expect(await importsLeftOutside(`packages/${name}/src/index.ts`)).toEqual([]);
  });

  test("cluster's blobs in S3-compatible storage", async () => {
    expect(await importsLeftOutside("packages/cluster/src/engine/stores/s3/s3-blobs.ts")).toEqual([]);
  });

  test("backend-onnx-web, by its door for browsers", async () => {
    expect(await importsLeftOutside("packages/backend-onnx-web/src/browser.ts")).toEqual([]);
    expect(await importsLeftOutside("packages/backend-onnx-web/src/index.ts")).toEqual(["node:fs/promises"]);
  });

  test("and a builtin would be seen", async () => {
    expect(await importsLeftOutside("virtual:bad.js", `import { readFileSync } from "node:fs"; console.log(readFileSync);`)).toEqual(["node:fs"]);
  });
});
