import { ShoalError } from "@shoal/core";

/** `opfs:/a/b` as the names on the way to it. */
export function opfsSteps(path: string): readonly string[] {
  const steps: string[] = [];
  for (const step of path.replace(/^opfs:/, "").split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps;
}

/** @throws `no-opfs` */
export async function opfsRoot(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (cause) {
    throw new ShoalError("no-opfs", "This browser gives this page no files of its own (OPFS).", {
      hint: "Serve the page from https or localhost, not in a private window; or use a File, a URL, or memoryFile(name).",
      failure: "bug",
      cause,
    });
  }
}

export type OpfsEntry = FileSystemFileHandle | FileSystemDirectoryHandle;

/** What a directory holds under a name, if anything. */
export async function entryOf(directory: FileSystemDirectoryHandle, name: string): Promise<OpfsEntry | undefined> {
  try {
    return await directory.getFileHandle(name);
  } catch (error) {
    if (isNamed(error, "TypeMismatchError")) return directory.getDirectoryHandle(name);
    if (isNamed(error, "NotFoundError")) return undefined;
    throw error;
  }
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

/** Gives a file another directory and name, in place of the file that is there. */
export async function moveFile(file: FileSystemFileHandle, directory: FileSystemDirectoryHandle, name: string, from: FileSystemDirectoryHandle): Promise<void> {
  // Not every browser has it, and TypeScript knows it of none.
  const { move } = file as { readonly move?: (directory: FileSystemDirectoryHandle, name: string) => Promise<void> };
  if (move !== undefined) return move.call(file, directory, name);
  const copy = await directory.getFileHandle(name, { create: true });
  await (await file.getFile()).stream().pipeTo(await copy.createWritable());
  await from.removeEntry(file.name);
}
