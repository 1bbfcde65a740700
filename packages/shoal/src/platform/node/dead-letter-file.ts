import { appendFile, writeFile } from "node:fs/promises";
import { jsonSafe, type DeadLetter } from "@shoal/core";

/** Failed rows of a run that has no sink to keep them, one JSON object a line. The file appears with the first of them, replacing an older one. */
export function deadLetterFile(path: string): (letters: readonly DeadLetter[]) => Promise<void> {
  let begun = false;
  return async (letters) => {
    const lines = letters.map((letter) => `${JSON.stringify(letter, jsonSafe)}\n`).join("");
    await (begun ? appendFile(path, lines) : writeFile(path, lines));
    begun = true;
  };
}
