import { ShoalError } from "@shoal/core";
import { outputWindow, type FromThread, type RemoteFile, type Sha256, type ThreadJob, type ThreadPort, type ToThread } from "./decode-thread-messages.ts";

/** The inner side of a thread: what it hears, and what it is told when something throws where nobody awaits. */
export interface DecodeServer {
  readonly receive: (message: ToThread) => void;
  /** The job fails, and the other side throws the thread away. */
  readonly fail: (error: unknown) => void;
}

/** Does the jobs that it is sent, one after another, and answers by `send`. */
export function serveDecodeJobs(jobs: Readonly<Record<string, ThreadJob>>, send: (message: FromThread, transfer: readonly ArrayBuffer[]) => void, sha256: Sha256): DecodeServer {
  const reads = new Map<number, (bytes: ArrayBuffer) => void>();
  const inputs: unknown[] = [];
  let inputEnded = false;
  let wakeInput: (() => void) | undefined;
  let credits = 0;
  let wakeCredit: (() => void) | undefined;
  let nextRead = 0;

  async function runJob(name: string, argument: unknown): Promise<void> {
    credits = outputWindow;
    inputs.length = 0;
    inputEnded = false;
    try {
      const job = jobs[name];
      if (job === undefined) throw new Error(`there is no job "${name}"`);
      for await (const { value, transfer, last } of job(argument as never, port)) {
        while (credits === 0) await new Promise<void>((resolve) => (wakeCredit = resolve));
        credits--;
        send({ kind: "output", value, ...(last === true && { last }) }, transfer ?? []);
        if (last === true) return;
      }
      send({ kind: "done" }, []);
    } catch (error) {
      // What the job started beside its failing part comes to light first.
      await new Promise((resolve) => setTimeout(resolve, 0));
      fail(error, reads.size === 0);
    }
  }

  const port: ThreadPort = {
    file: (byteLength): RemoteFile => ({
      byteLength,
      slice(start, end = byteLength) {
        if (!(start >= 0 && start <= end && end <= byteLength)) return Promise.reject(new RangeError(`bytes ${start} to ${end} lie outside the file, which has ${byteLength}`));
        const id = nextRead++;
        return new Promise((resolve) => {
          reads.set(id, resolve);
          send({ kind: "read", id, start, end }, []);
        });
      },
    }),
    async *inputs() {
      for (;;) {
        while (inputs.length > 0) yield inputs.shift();
        if (inputEnded) return;
        const wait = new Promise<void>((resolve) => (wakeInput = resolve));
        send({ kind: "wants-input" }, []);
        await wait;
      }
    },
    sha256,
  };

  function fail(error: unknown, settled: boolean): void {
    send({ kind: "failed", error: ShoalError.from(error).toData(), settled }, []);
  }

  return {
    receive(message) {
      switch (message.kind) {
        case "start": void runJob(message.job, message.argument); break;
        case "credit": credits++; wakeCredit?.(); break;
        case "bytes":
          reads.get(message.id)?.(message.bytes);
          reads.delete(message.id);
          break;
        case "input": inputs.push(message.value); wakeInput?.(); break;
        case "input-end": inputEnded = true; wakeInput?.(); break;
      }
    },
    fail: (error) => fail(error, false),
  };
}
