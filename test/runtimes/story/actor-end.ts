// How an actor ends, and remembers that it did. An actor is a process, or a worker of a page.
interface Files {
  writeFileSync(path: string, content: string, options: { readonly flag: string }): void;
}
interface OwnProcess {
  readonly pid: number;
  kill(pid: number, signal: string): void;
  getBuiltinModule(name: string): Files;
}
const { process } = globalThis as unknown as { readonly process?: OwnProcess };

/** Whether nobody asked before with this mark: a path, or in a page the name of a file of the page's own. */
export async function isFirstTime(mark: string): Promise<boolean> {
  try {
    if (process === undefined) await createOwnFile(mark);
    else process.getBuiltinModule("node:fs").writeFileSync(mark, "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

async function createOwnFile(name: string): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  const exists = await folder.getFileHandle(name).then(() => true, () => false);
  if (exists) throw new Error(`${name} exists.`);
  await folder.getFileHandle(name, { create: true });
}

/** Without a word to anybody; never settles. */
export function endThisActor(): Promise<never> {
  if (process === undefined) globalThis.close();
  else process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}
