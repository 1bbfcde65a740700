import { spawn } from "node:child_process";

/** A process that stays until it is disposed of. */
export interface StartedProcess extends AsyncDisposable {
  /** The line in which it said what was waited for. */
  readonly said: string;
}

/** Starts a program, and waits until it has printed something. @throws an Error with what it printed, when it ends before */
export async function startProcess([program, ...args]: readonly string[], until: RegExp): Promise<StartedProcess> {
  const child = spawn(program as string, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said = await new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      text += part.toString();
      const found = text.split("\n").slice(0, -1).find((line) => until.test(line));
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    void closed.then(() => reject(new Error(`${args.join(" ").slice(0, 200)} has ended and said:\n${text.slice(-2000)}`)));
  });
  return {
    said,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await closed;
      clearTimeout(late);
    },
  };
}
