// What Node, Bun and Deno have in common.
import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { takeWorkerName } from "./worker-names.ts";
import type { AgentRuntime } from "../agent-runtime.ts";

export const host: AgentRuntime["host"] = "machine";

export const defaultLabel: AgentRuntime["defaultLabel"] = () => hostname();

export const takeName: AgentRuntime["takeName"] = (given) => takeWorkerName(join(cacheFolder(), "workers"), given);

/** By its hash, so that it is the same whoever put it there. */
export const keepCode: NonNullable<AgentRuntime["keepCode"]> = async (sha256, bytes) => {
  const folder = join(cacheFolder(), "code");
  const path = join(folder, `${sha256}.mjs`);
  const fresh = `${path}.${randomUUID()}`;
  await mkdir(folder, { recursive: true });
  await writeFile(fresh, bytes);
  await rename(fresh, path);
  return pathToFileURL(path).href;
};

export const keepAlive: AgentRuntime["keepAlive"] = () => {
  const timer = setInterval(() => {}, 2 ** 30);
  return () => clearInterval(timer);
};

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "shoal");
}
