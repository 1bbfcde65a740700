import { mkdir, mkdtemp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const out = fileURLToPath(new URL("../out/", import.meta.url));
const root = fileURLToPath(new URL("../../apps/volunteer/page/", import.meta.url));

/** Builds the page of volunteers into a folder of its own. */
export async function buildVolunteerPage(): Promise<string> {
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(`${out}volunteer-`);
  await build({ root, configFile: `${root}vite.config.ts`, logLevel: "error", build: { outDir: folder } });
  return folder;
}
