import { appendFile, mkdir, open, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { jsonSafe, ShoalError, type DeadLetter } from "@shoal/core";
import { fileError } from "@shoal/io";

/**
 * Failed rows of a run that has no sink to keep them, one JSON object a line. The file appears with the first of them, replacing an older one; what is no file of dead letters is
 * replaced by none. @throws `output-not-ours`, and what a path says that can't be written
 */
export async function deadLetterFile(path: string): Promise<(letters: readonly DeadLetter[]) => Promise<void>> {
  await refuseOthers(path);
  let begun = false;
  return async (letters) => {
    const lines = letters.map((letter) => `${JSON.stringify(letter, jsonSafe)}\n`).join("");
    try {
      if (!begun) await mkdir(dirname(path), { recursive: true });
      await (begun ? appendFile(path, lines) : writeFile(path, lines));
    } catch (error) {
      throw fileError(error, `write dead letters to "${path}"`);
    }
    begun = true;
  };
}

async function refuseOthers(path: string): Promise<void> {
  const first = await firstBytes(path);
  // As JSON says a letter: its row comes first, and the error after it.
  if (first === undefined || first === "" || first === '{"row":') return;
  throw new ShoalError("output-not-ours", `"${path}" is there, and holds no dead letters: they would take its place.`, { hint: "Name another file for them, or remove this one.", failure: "bug", details: { path } });
}

/** Undefined where there is no such file, or none that has a beginning. */
async function firstBytes(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path);
    if (!info.isFile() && !info.isDirectory()) return undefined;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(7), 0, 7);
      return buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw fileError(error, `write dead letters to "${path}"`);
  }
}
