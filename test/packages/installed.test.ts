import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { installPackages, manifest, publicPackages, workspace, type InstalledApp } from "./installed-app.ts";
import { asCommonJs, readmeExample } from "./readme-example.ts";

const opinions = await readmeExample("await (const row of opinions)");
const job = await readmeExample("// job.ts");
const score = await readmeExample("// score.ts");
const labels = "I loved this film POSITIVE\nThe food was terrible NEGATIVE\n";

let app: InstalledApp;
let unreachable: string | undefined;

beforeAll(async () => {
  const installed = await installPackages();
  if (typeof installed === "string") return console.warn(`test/packages/installed.test.ts is left out: ${(unreachable = installed)}.`);
  app = installed;
  await mkdir(join(app.folder, "apps/examples/quickstart/prompts"), { recursive: true });
  await Promise.all([
    app.write("opinions.js", opinions),
    app.write("opinions.ts", opinions),
    app.write("opinions.cjs", asCommonJs(opinions)),
    app.write("job.ts", job),
    app.write("score.ts", score),
    app.write("apps/examples/quickstart/prompts/all.jsonl", `{"prompt":"Once upon a time"}\n{"prompt":"The little dog"}\n`),
    cp(join(workspace, "test/tour/model.onnx"), join(app.folder, "test/tour/model.onnx")),
  ]);
}, 180_000);

beforeEach(({ skip }) => skip(unreachable !== undefined, unreachable));

afterAll(() => app?.[Symbol.asyncDispose]());

const shoal = (): string => join(app.folder, "node_modules/shoal/bin/shoal.mjs");

describe("what is in a package", () => {
  test("every file that its package.json names", async () => {
    for (const folder of await installedPackages()) {
      const { exports, imports = {}, bin = {} } = await manifest(folder);
      const missing = [...namedFiles(exports), ...namedFiles(imports), ...namedFiles(bin)].filter((file) => !existsSync(join(folder, file)));
      expect({ folder, missing }).toEqual({ folder, missing: [] });
    }
  });

  test("the licence, and nothing that keeps it from being published", async () => {
    for (const folder of await installedPackages()) {
      expect(await manifest(folder)).toMatchObject({ license: "Apache-2.0", publishConfig: { access: "public" } });
      expect({ folder, licence: existsSync(join(folder, "LICENSE")), isPrivate: "private" in (await manifest(folder)) }).toEqual({ folder, licence: true, isPrivate: false });
    }
  });

  test("source maps that hold their sources", async () => {
    const sources = new Map((await publicPackages()).map((folder) => [basename(folder), folder]));
    for (const folder of await installedPackages()) {
      const dist = join(workspace, sources.get(basename(folder)) as string, "dist");
      let maps = 0;
      for (const file of await readdir(join(folder, "dist"), { recursive: true })) {
        if (!file.endsWith(".js.map")) continue;
        const map = JSON.parse(await readFile(join(folder, "dist", file), "utf8")) as { sources: string[]; sourcesContent?: unknown[] };
        // A file that was renamed may have left its output in a checkout.
        if (!map.sources.every((source) => existsSync(join(dist, dirname(file), source)))) continue;
        expect({ file, held: map.sourcesContent?.length }).toEqual({ file, held: map.sources.length });
        maps++;
      }
      expect({ folder, maps }).toEqual({ folder, maps: expect.toSatisfy((count) => count > 0, "has maps") as number });
    }
  });

  async function installedPackages(): Promise<string[]> {
    const scoped = join(app.folder, "node_modules/@shoal");
    return [join(app.folder, "node_modules/shoal"), ...(await readdir(scoped)).map((name) => join(scoped, name))];
  }
});

describe("the README's first example", () => {
  test("as an ES module", async () => {
    expect(await app.run(process.execPath, ["opinions.js"])).toEqual({ code: 0, out: labels, err: "" });
  });

  test("from a CommonJS service, by require", async () => {
    expect(await app.run(process.execPath, ["opinions.cjs"])).toMatchObject({ code: 0, out: labels });
  });

  test("as TypeScript that no build step touched", async () => {
    expect(await app.run(process.execPath, ["--import", "@shoal/workers/ts-loader", "opinions.ts"])).toEqual({ code: 0, out: labels, err: "" });
  });

  test("the job of the tour, by the command", async () => {
    const ran = await app.run(process.execPath, [shoal(), "run", "job.ts"]);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining("2 rows in 1 file: out/stories") as string });
    const inspected = await app.run(process.execPath, [shoal(), "inspect", "out/stories/part-00000.parquet", "--json"]);
    expect(inspected.out).toContain("Once upon a time");
  });

  test.for(["bun", "deno"] as const)("under %s, in a program and by the command", async (name, { skip }) => {
    const runtime = findRuntime(name);
    if (runtime === undefined) return skip(`${name} was not found`);
    expect(await app.run(runtime.path, runtime.command("opinions.ts"))).toEqual({ code: 0, out: labels, err: "" });
    const rows = await app.run(runtime.path, [...runtime.command(shoal()), "infer", "apps/examples/quickstart/prompts/all.jsonl", "--quiet", ...task]);
    expect(rows).toEqual({ code: 0, out: expect.stringMatching(/^\{"prompt":"Once upon a time","label":".+"\}\n\{.+\}\n$/) as string, err: "" });
  });

  test("a picture: what reads it is loaded, and says which library it lacks", async () => {
    await mkdir(join(app.folder, "pictures"));
    await writeFile(join(app.folder, "pictures/red.jpg"), redJpeg, "base64");
    await writeFile(join(app.folder, "pictures.mjs"), 'import { readImages } from "shoal";\nawait readImages("pictures").takeAll();\n');
    const ran = await app.run(process.execPath, ["pictures.mjs"]);
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining("npm install @cornerstonejs/codec-libjpeg-turbo-8bit") as string });
  });

  const task = ["--task", "text-classification", "--model", "sentiment", "--input", "prompt", "--output", "label", "--out", "-"];
});

describe("its coordinator", () => {
  test("is a command with help", async () => {
    expect(await app.run("npx", ["shoal", "serve", "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Run a coordinator") as string });
  });

  test("has its pages, and ends by Ctrl-C", async () => {
    const serving = spawn(process.execPath, [shoal(), "serve", "--port", "0", "--json"], { cwd: app.folder, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const ended = once(serving, "exit");
      let url: string | undefined;
      const notes: string[] = [];
      // To the end: the pipe must not fill up. Notes come after the links.
      for await (const line of createInterface(serving.stdout)) {
        const event = JSON.parse(line) as { kind: string; url?: string; message?: string };
        if (event.message !== undefined) notes.push(event.message);
        if (event.kind !== "links") continue;
        url = event.url as string;
        expect(await loaded(url)).toEqual({ page: 200, missing: [] });
        expect(await loaded(new URL("dashboard/", url).href)).toEqual({ page: 200, missing: [] });
        serving.kill("SIGINT");
      }
      expect({ url, notes: notes.filter((note) => note.includes("not built")) }).toEqual({ url: expect.stringContaining("http://127.0.0.1:") as string, notes: [] });
      expect(await ended).toEqual([0, null]);
    } finally {
      serving.kill("SIGKILL");
    }
  });

  /** Loads a page with the files that it names. */
  async function loaded(url: string): Promise<{ readonly page: number; readonly missing: readonly string[] }> {
    const page = await fetch(url);
    const files = [...(await page.text()).matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, file = ""]) => new URL(file, url).href);
    expect(files).not.toEqual([]);
    const answers = await Promise.all(files.map(async (file) => [file, (await fetch(file)).status] as const));
    return { page: page.status, missing: answers.filter(([, status]) => status !== 200).map(([file]) => file) };
  }
});

describe("its types", () => {
  const misuse = `${opinionsWithoutLoop()}
// @ts-expect-error there is no such column
opinions.select("lable");
export const labels: string[] = (await opinions.takeAll()).map((row) => row.label);
`;
  const service = `import shoal = require("shoal");\nconst rows: Promise<{ id: number }[]> = shoal.range(3).takeAll();\nvoid rows;\n`;

  test.each([
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])("moduleResolution %s, declarations checked too", async (moduleResolution, module) => {
    const folder = `types-${moduleResolution}`;
    await mkdir(join(app.folder, folder));
    const compilerOptions = { module, moduleResolution, target: "es2023", strict: true, noEmit: true, skipLibCheck: false };
    await Promise.all([
      app.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["*"] })),
      app.write(`${folder}/opinions.ts`, opinions),
      app.write(`${folder}/job.ts`, job),
      app.write(`${folder}/score.ts`, score),
      app.write(`${folder}/misuse.ts`, misuse),
      ...(moduleResolution === "nodenext" ? [app.write(`${folder}/service.cts`, service)] : []),
    ]);
    expect(await app.run(process.execPath, [join(workspace, "node_modules/typescript/bin/tsc"), "-p", folder])).toMatchObject({ code: 0, out: "" });
  });

  function opinionsWithoutLoop(): string {
    return opinions.slice(0, opinions.indexOf("for await"));
  }
});

describe("a bundled Node service", () => {
  const worker = `import { serveActors } from "shoal";\nimport { score } from "./score.ts";\nserveActors({ score });\n`;
  const doubled = `import { definePredictor } from "shoal";
export const score = definePredictor<{ id: Float64Array }>()(import.meta, "score", {
  predict: (batch) => ({ ...batch, score: Array.from(batch.id, (id) => 2 * id) }),
});
`;
  const service = (rows: string): string => `import { forkActor, fromItems, range } from "shoal";
import { score } from "./score.ts";
const worker = () => forkActor(new URL("./worker.js", import.meta.url));
for await (const row of ${rows}.mapBatches(score).iterRows({ worker })) console.log(row.score);
`;

  test("with everything in the bundle", async () => {
    await bundle("bundled", { service: service("range(3)"), score: doubled }, ["onnxruntime-node"]);
    // Beside the app: from there no package is found.
    const deployed = join(app.folder, "../deployed");
    await cp(join(app.folder, "bundled/dist"), deployed, { recursive: true });
    await app.write("../deployed/package.json", `{ "type": "module" }`);
    expect(await app.run(process.execPath, [join(deployed, "service.js")])).toEqual({ code: 0, out: "0\n2\n4\n", err: "" });
  });

  test("with a model, shoal left outside: sessions live in a thread whose file a bundle does not have", async () => {
    await bundle("bundled-model", { service: service("fromItems([{ features: Float32Array.of(1, 2, 3, 4) }])"), score }, [/^shoal($|\/)/]);
    const ran = await app.run(process.execPath, ["bundled-model/dist/service.js"]);
    expect(ran).toEqual({ code: 0, out: expect.stringMatching(/^-?\d+(\.\d+)?\n$/) as string, err: "" });
  });

  async function bundle(folder: string, code: { readonly service: string; readonly score: string }, external: (string | RegExp)[]): Promise<void> {
    await mkdir(join(app.folder, folder));
    await Promise.all([
      app.write(`${folder}/service.ts`, code.service),
      app.write(`${folder}/score.ts`, code.score),
      app.write(`${folder}/worker.ts`, worker),
    ]);
    const input = { service: join(app.folder, folder, "service.ts"), worker: join(app.folder, folder, "worker.ts") };
    await using bundled = await rolldown({ input, platform: "node", external, logLevel: "silent" });
    await bundled.write({ dir: join(app.folder, folder, "dist"), format: "esm" });
  }
});

/** The files that a field of package.json names, for every condition but that of the workspace. */
function namedFiles(field: unknown): string[] {
  if (typeof field === "string") return field.startsWith("./") ? [field] : [];
  return Object.entries(field as Record<string, unknown>).flatMap(([condition, value]) => (condition === "@shoal/source" ? [] : namedFiles(value)));
}

/** Two red pixels. */
const redJpeg = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAABAAIDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD5cooor8qP79P/2Q==";
