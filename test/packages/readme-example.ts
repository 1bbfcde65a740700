import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { workspace } from "./installed-app.ts";

/** The code block of README.md in which the given text stands, as it stands there. */
export async function readmeExample(text: string): Promise<string> {
  const readme = await readFile(join(workspace, "README.md"), "utf8");
  const block = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code as string).find((code) => code.includes(text));
  if (block === undefined) throw new Error(`README.md has no code block with ${text}.`);
  return block;
}

/** The same for a CommonJS module: `require` instead of `import`, and a function for the `await`s. */
export function asCommonJs(code: string): string {
  const required = code.replaceAll(/^import (\{.*?\}) from (".*?");$/gm, "const $1 = require($2);");
  return `(async () => {\n${required}})();\n`;
}
