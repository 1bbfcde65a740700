import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { transformSync } from "oxc-transform";

/**
 * Makes JavaScript of this folder's programs, so that what is measured starts as an installed package does, without a TypeScript loader.
 * @returns the folder they are in.
 */
export function compilePrograms(from: URL, to: string): string {
  rmSync(to, { recursive: true, force: true });
  for (const folder of ["jobs", "baselines", "inputs"]) {
    for (const name of readdirSync(new URL(`${folder}/`, from)).filter((file) => file.endsWith(".ts"))) {
      const source = readFileSync(new URL(`${folder}/${name}`, from), "utf8");
      const { code, errors } = transformSync(name, source, { lang: "ts", sourceType: "module", target: "node20", typescript: { rewriteImportExtensions: "rewrite" } });
      if (errors.length > 0) throw new SyntaxError(`${folder}/${name}: ${errors[0]?.message}`);
      const path = `${to}${folder}/${name.replace(/\.ts$/, ".js")}`;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, code);
    }
  }
  return to;
}
