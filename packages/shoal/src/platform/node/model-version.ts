import { createHash, type Hash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Files up to this size are read whole; of larger ones, samples: other weights differ everywhere. */
const wholeBytes = 64 * 2 ** 20;
const samples = 32;
const sampleBytes = 2 ** 20;
/** A folder with more files than a model has is not looked through. */
const mostFiles = 200;

/**
 * A hash over the files of a model that is a file or a folder of this machine. Undefined for others: a model of the hub is told by its name
 * and revision, which are options of its step.
 */
export async function modelVersion(model: string): Promise<string | undefined> {
  if (/^https?:/i.test(model)) return undefined;
  const path = model.startsWith("file:") ? fileURLToPath(model) : model;
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return undefined;
  const hash = createHash("sha256");
  try {
    for (const name of info.isDirectory() ? await filesIn(path) : [""]) {
      hash.update(`${name}\0`);
      await addFile(hash, name === "" ? path : join(path, name));
    }
  } catch {
    // Loading it will say what is wrong.
    return undefined;
  }
  return hash.digest("hex").slice(0, 32);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith(".")).map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, ""));
  return names.toSorted().slice(0, mostFiles);
}

async function addFile(hash: Hash, path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    hash.update(`${size}\0`);
    const whole = size <= wholeBytes;
    const part = Buffer.alloc(Math.min(sampleBytes, size));
    const step = whole ? sampleBytes : (size - sampleBytes) / (samples - 1);
    for (let at = 0, count = 0; whole ? at < size : count < samples; at = Math.floor(step * ++count)) {
      const { bytesRead } = await file.read(part, 0, part.byteLength, at);
      if (bytesRead === 0) break;
      hash.update(part.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
