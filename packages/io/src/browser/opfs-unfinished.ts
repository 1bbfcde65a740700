import { dataName, lettersBeside, lettersName, outputOfUnfinished, unfinishedName, type LettersFate } from "../output-names.ts";
import { entryOf, isNamed, moveFile, opfsRoot, opfsSteps, type OpfsEntry } from "./opfs-place.ts";

/** What is published, for whoever finds that a tab died meanwhile. Once it is written, the new output is whole and will have its name. */
export interface Publishing {
  /** Undefined for a single file. */
  readonly files?: readonly string[];
  /** What becomes of a single file's dead letters. */
  readonly letters: LettersFate;
}

const publishingFile = "publishing.json";

/** Makes an output ours until it is let go, or the tab ends; undefined where it is another's. */
export async function claimOutput(steps: readonly string[]): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(steps), { ifAvailable: true }, (lock) => (lock === null ? resolve(undefined) : new Promise<void>((release) => resolve(release))))
      .catch(reject);
  });
}

function lockName(steps: readonly string[]): string {
  return `shoal opfs:/${steps.join("/")}`;
}

/** What a path leads to, if anything is there. */
export async function opfsFind(path: string, signal: AbortSignal): Promise<OpfsEntry | undefined> {
  let at: OpfsEntry | undefined = await opfsRoot();
  for (const step of opfsSteps(path)) {
    if (at?.kind !== "directory") return undefined;
    await finishOthers(at, step, signal);
    at = await entryOf(at, step);
  }
  return at;
}

/** The names in a directory, once all outputs in it that are being published are. */
export async function namesIn(directory: FileSystemDirectoryHandle, signal: AbortSignal): Promise<readonly string[]> {
  const names = await keysOf(directory);
  const outputs = names.map(outputOfUnfinished).filter((output) => output !== undefined);
  if (outputs.length === 0) return names;
  for (const output of outputs) await finishOthers(directory, output, signal);
  return keysOf(directory);
}

async function keysOf(directory: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  return names;
}

/**
 * An output that is being published gets its files one by one, so a reader waits until it has them all; where the tab that published it has
 * died, the reader goes on in its place.
 */
async function finishOthers(directory: FileSystemDirectoryHandle, name: string, signal: AbortSignal): Promise<void> {
  if ((await publishingOf(directory, name)) === undefined) return;
  const steps = (await (await opfsRoot()).resolve(directory)) ?? [];
  await navigator.locks.request(lockName([...steps, name]), { signal }, () => finishPublishing(directory, name));
}

/** Says that files now get their names, before the first one does. */
export async function beginPublishing(unfinished: FileSystemDirectoryHandle, publishing: Publishing): Promise<void> {
  const writable = await (await unfinished.getFileHandle(publishingFile, { create: true })).createWritable();
  await writable.write(JSON.stringify(publishing));
  await writable.close();
}

/**
 * Gives the files of a begun publication their names, those that have none yet, and removes what was replaced. For whoever has claimed the
 * output. Does nothing where no publication was begun.
 */
export async function finishPublishing(directory: FileSystemDirectoryHandle, name: string): Promise<void> {
  const publishing = await publishingOf(directory, name);
  if (publishing === undefined) return;
  const unfinished = await directory.getDirectoryHandle(unfinishedName(name));
  const old = await entryOf(directory, name);
  if (publishing.files === undefined) {
    if (old?.kind === "directory") await directory.removeEntry(name, { recursive: true });
    await moveIfThere(await entryOf(unfinished, dataName), name, directory);
    if (publishing.letters === "replace") await moveIfThere(unfinished, lettersName, directory, lettersBeside(name));
    if (publishing.letters === "remove") await removeIfThere(directory, lettersBeside(name));
  } else {
    if (old?.kind === "file") await directory.removeEntry(name);
    const output = await directory.getDirectoryHandle(name, { create: true });
    for (const other of await keysOf(output)) if (!publishing.files.includes(other)) await output.removeEntry(other, { recursive: true });
    const data = await entryOf(unfinished, dataName);
    for (const file of publishing.files) await moveIfThere(data, file, output);
  }
  // Without it nobody takes what is half removed for an output.
  await removeIfThere(unfinished, publishingFile);
  await removeIfThere(directory, unfinishedName(name));
}

async function publishingOf(directory: FileSystemDirectoryHandle, name: string): Promise<Publishing | undefined> {
  const unfinished = await entryOf(directory, unfinishedName(name));
  const file = unfinished?.kind === "directory" ? await entryOf(unfinished, publishingFile) : undefined;
  if (file?.kind !== "file") return undefined;
  try {
    return JSON.parse(await (await file.getFile()).text()) as Publishing;
  } catch {
    // It was not written to its end, or has just been removed.
    return undefined;
  }
}

async function moveIfThere(from: OpfsEntry | undefined, name: string, to: FileSystemDirectoryHandle, newName = name): Promise<void> {
  if (from?.kind !== "directory") return;
  const file = await entryOf(from, name);
  if (file?.kind === "file") await moveFile(file, to, newName, from);
}

/** With all that is in it. */
export async function removeIfThere(directory: FileSystemDirectoryHandle, name: string): Promise<void> {
  await directory.removeEntry(name, { recursive: true }).catch((error: unknown) => {
    if (!isNamed(error, "NotFoundError")) throw error;
  });
}
