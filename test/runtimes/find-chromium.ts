import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * The Chromium of the system: `$CHROMIUM`, else the first on the PATH. Without one, the tests that run in a browser are left out, which is
 * said; in CI that is a failure.
 */
export function findChromium(): string | undefined {
  const given = process.env["CHROMIUM"];
  const candidates = given === undefined ? (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))) : [given];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const message = `Chromium was not found${given === undefined ? "" : ` at ${given}`}: the tests that run in a browser are left out. To get it: apt-get install chromium, or say where it is in CHROMIUM.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
