import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const out = fileURLToPath(new URL("../out/", import.meta.url));
let folder: string;

// Inside the workspace, so that packages are found by name.
beforeAll(async () => {
  await mkdir(out, { recursive: true });
  folder = await mkdtemp(`${out}ts-loader-`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function node(file: string, ...flags: string[]) {
  return run(process.execPath, ["--conditions=@shoal/source", "--import", "@shoal/workers/ts-loader", ...flags, file], { cwd: folder });
}

test("runs TypeScript, with what types alone cannot be stripped from", async () => {
  await writeFile(`${folder}/shape.ts`, "export interface Shape { size: number }\nexport const area = (shape: Shape): number => shape.size ** 2;\n");
  await writeFile(`${folder}/job.ts`, `
    import { type Shape, area } from "./shape.ts";
    enum Kind { Square, Circle }
    class Named { constructor(readonly kind: Kind) {} }
    const shape: Shape = { size: 3 };
    { await using _held = { async [Symbol.asyncDispose]() { console.log("released"); } }; }
    console.log(area(shape), new Named(Kind.Circle).kind);
  `);
  expect((await node("job.ts")).stdout).toBe("released\n9 1\n");
});

test("takes ./x.js for ./x.ts where there is no x.js, as tsc does", async () => {
  await mkdir(`${folder}/names/nested`, { recursive: true });
  await Promise.all([
    writeFile(`${folder}/names/size.ts`, "export const size: number = 3;\n"),
    writeFile(`${folder}/names/nested/unit.mts`, `export { size as unit } from "../size.js";\n`),
    writeFile(`${folder}/names/both.ts`, `export const both: string = "typescript";\n`),
    writeFile(`${folder}/names/both.js`, `export const both = "javascript";\n`),
    writeFile(`${folder}/names/job.ts`, `import { size } from "./size.js";\nimport { unit } from "./nested/unit.mjs";\nimport { both } from "./both.js";\nconsole.log(size, unit, both, (await import("./size.js")).size);\n`),
    writeFile(`${folder}/names/missing.ts`, `import "./nowhere.js";\n`),
    writeFile(`${folder}/names/plain.js`, `import "./size.js";\n`),
  ]);
  expect((await node("names/job.ts")).stdout).toBe("3 3 javascript 3\n");
  await expect(node("names/missing.ts")).rejects.toThrow(/Cannot find module .*nowhere\.js/);
  await expect(node("names/plain.js"), "JavaScript means what it says").rejects.toThrow(/Cannot find module .*size\.js/);
});

test("loads workspace packages from their source", async () => {
  await writeFile(`${folder}/source.ts`, `import * as core from "@shoal/core";\nconsole.log(import.meta.resolve("@shoal/core"), typeof core as string);\n`);
  expect((await node("source.ts")).stdout).toMatch(/packages\/core\/src\/index\.ts object/);
});

test("stack traces point into the file as written", async () => {
  await writeFile(`${folder}/broken.ts`, `interface Unused {\n  gone: true;\n}\n\nconst value: Unused | undefined = undefined;\nthrow new Error("at line six", { cause: value });\n`);
  await expect(node("broken.ts", "--enable-source-maps")).rejects.toThrow(/broken\.ts:6:7/);
});

test("a syntax error names the file", async () => {
  await writeFile(`${folder}/wrong.ts`, "const = 1;\n");
  await expect(node("wrong.ts")).rejects.toThrow(/SyntaxError.*: .*wrong\.ts/);
});
