import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";

/** Where people find how to run several coordinators. */
export const deploy = fileURLToPath(new URL("../../apps/coordinator/deploy/", import.meta.url));
export const root = fileURLToPath(new URL("../../", import.meta.url));

export function text(name: string): string {
  return readFileSync(join(deploy, name), "utf8");
}

export function yaml(name: string): unknown {
  return parse(text(name), { merge: true });
}

export function documents(source: string): unknown[] {
  return parseAllDocuments(source, { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0] as Error;
    return document.toJS() as unknown;
  });
}

export function templates(): readonly { readonly name: string; readonly text: string }[] {
  return readdirSync(join(deploy, "chart/templates")).map((name) => ({ name, text: text(`chart/templates/${name}`) }));
}

/** Everything in packages and apps that runs. */
export function sources(): string {
  const under = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist") return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? under(path) : /(?<!\.test)\.ts$/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
  return ["packages/shoal/src", "packages/cluster/src", "apps/coordinator/src"].flatMap((folder) => under(join(root, folder))).join("\n");
}

/** Undefined where there is none: charts are then only looked at. */
export function findHelm(): string | undefined {
  const path = process.env["SHOAL_HELM"] ?? "helm";
  try {
    execFileSync(path, ["version"], { stdio: "ignore" });
    return path;
  } catch {
    return undefined;
  }
}
