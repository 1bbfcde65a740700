import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "oxc-transform";

// Helpers that the transform imports (for `using`) are found beside it, whatever the user's project installs.
const helperPrefix = "@oxc-project/runtime/";

export function resolve(specifier, context, nextResolve) {
  if (specifier.startsWith(helperPrefix)) return nextResolve(specifier, { ...context, parentURL: import.meta.url });
  return nextResolve(writtenAs(specifier, context.parentURL) ?? specifier, context);
}

export function load(url, context, nextLoad) {
  const path = typescriptPath(url);
  if (path === undefined) return nextLoad(url, context);
  return { format: "module", source: transform(path), shortCircuit: true };
}

export const sync = { resolve, load };

/** As tsc has it: `./x.js` in a TypeScript file may mean the `./x.ts` that it would be compiled from. */
function writtenAs(specifier, parent = "") {
  if (!/^\.{0,2}\/.*\.m?js$/.test(specifier) || typescriptPath(parent) === undefined) return undefined;
  const url = new URL(specifier, parent);
  const source = new URL(url.href.replace(/js$/, "ts"));
  return !existsSync(url) && existsSync(source) ? source.href : undefined;
}

function typescriptPath(url) {
  if (!url.startsWith("file:")) return undefined;
  const { pathname } = new URL(url);
  return /\.m?ts$/.test(pathname) ? fileURLToPath(url) : undefined;
}

function transform(path) {
  const { code, map, errors } = transformSync(path, readFileSync(path, "utf8"), {
    lang: "ts",
    sourceType: "module",
    sourcemap: true,
    target: "node20",
  });
  if (errors.length > 0) throw new SyntaxError(`${path}\n${errors.map((error) => error.codeframe ?? error.message).join("\n")}`);
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
}
