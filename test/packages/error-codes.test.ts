import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "./workspace.ts";

const sources = [...readdirSync(join(workspace, "packages")).filter((name) => name !== "testing").map((name) => `packages/${name}/src`), "apps/coordinator/src"]
  .flatMap(sourcesIn)
  .map((path) => ({ path, text: readFileSync(join(workspace, path), "utf8") }));

test("the page of error codes lists those that are thrown, and no other", () => {
  const thrown = codesThrown();
  const listed = codesListed();
  // That the patterns find codes at all.
  expect(thrown.size).toBeGreaterThan(80);
  expect([...thrown].filter(([code]) => !listed.has(code)), "thrown, and not on the page").toEqual([]);
  const literals = new Set(sources.flatMap(({ text }) => [...text.matchAll(/"([a-z0-9-]+)"/g)].map(([, code]) => code)));
  expect([...listed].filter((code) => !literals.has(code)), "on the page, and in no source").toEqual([]);
});

test("docstrings name codes that exist", () => {
  const listed = codesListed();
  const named = sources.flatMap(({ path, text }) => [...text.matchAll(/@throws([^@/]*)/g)].flatMap(([, words = ""]) =>
    [...words.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map(([, code = ""]) => ({ path, code }))));
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter(({ code }) => !listed.has(code))).toEqual([]);
});

/** Every code in a source, with the file where it stands. */
function codesThrown(): Map<string, string> {
  const codes = new Map<string, string>();
  const calls = /(?:new (?:ShoalError|ContentFault)|rowError)\(([^,]*),|ShoalError\.from\(\w+(, "[a-z-]+")\)|E[A-Z]+: \[("[a-z-]+"),/g;
  for (const { path, text } of sources) {
    for (const [, ...groups] of text.matchAll(calls)) {
      for (const [, code = ""] of groups.join("").matchAll(/"([a-z][a-z0-9-]*)"/g)) codes.set(code, path);
    }
  }
  return codes;
}

/** The codes in the first column of the tables, and those of the last section. */
function codesListed(): Set<string> {
  const [tables = "", inside = ""] = readFileSync(join(workspace, "packages/shoal/ERRORS.md"), "utf8").split("## Inside Shoal");
  const cells = [...tables.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell);
  return new Set([...[...cells, inside].join(" ").matchAll(/`([a-z0-9-]+)`/g)].map(([, code = ""]) => code));
}

function sourcesIn(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(join(workspace, folder), { withFileTypes: true });
  } catch {
    return []; // A package without sources.
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesIn(path);
    return path.endsWith(".ts") && !/\.(test|fixture)\.ts$/.test(path) ? [path] : [];
  });
}
