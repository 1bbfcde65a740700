import { parentPort, type MessagePort } from "node:worker_threads";
import { ShoalError } from "@shoal/core";
import { outputWindow, type FromThread, type RemoteFile, type ThreadJob, type ThreadPort, type ToThread } from "./decode-thread-messages.ts";
import { jobs } from "./decode-thread-jobs.ts";

const parent = parentPort as MessagePort;
const reads = new Map<number, { resolve: (bytes: ArrayBuffer) => void; reject: (error: unknown) => void }>();
const inputs: unknown[] = [];
let inputEnded = false;
let wakeInput: (() => void) | undefined;
let credits = 0;
let wakeCredit: (() => void) | undefined;
let nextRead = 0;

parent.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "start": void runJob(message.job, message.argument); break;
    case "credit": credits++; wakeCredit?.(); break;
    case "bytes": settle(message.id)?.resolve(message.bytes); break;
    case "bytes-failed": settle(message.id)?.reject(ShoalError.fromData(message.error)); break;
    case "input": inputs.push(message.value); wakeInput?.(); break;
    case "input-end": inputEnded = true; wakeInput?.(); break;
  }
});

// Decoders can throw where nobody awaits: the job fails, and the other side throws this thread away.
process.on("uncaughtException", (error) => fail(error, false));
process.on("unhandledRejection", (error) => fail(error, false));

async function runJob(name: string, argument: unknown): Promise<void> {
  credits = outputWindow;
  inputs.length = 0;
  inputEnded = false;
  try {
    const job = jobs[name];
    if (job === undefined) throw new Error(`there is no job "${name}"`);
    for await (const { value, transfer } of (job as ThreadJob)(argument as never, port)) {
      while (credits === 0) await new Promise<void>((resolve) => (wakeCredit = resolve));
      credits--;
      send({ kind: "output", value }, transfer);
    }
    send({ kind: "done" });
  } catch (error) {
    // What the job started beside its failing part comes to light first.
    await new Promise((resolve) => setImmediate(resolve));
    fail(error, reads.size === 0);
  }
}

const port: ThreadPort = {
  file: (byteLength): RemoteFile => ({
    byteLength,
    slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength)) return Promise.reject(new RangeError(`bytes ${start} to ${end} lie outside the file, which has ${byteLength}`));
      const id = nextRead++;
      return new Promise((resolve, reject) => {
        reads.set(id, { resolve, reject });
        send({ kind: "read", id, start, end });
      });
    },
  }),
  async *inputs() {
    for (;;) {
      while (inputs.length > 0) yield inputs.shift();
      if (inputEnded) return;
      send({ kind: "wants-input" });
      await new Promise<void>((resolve) => (wakeInput = resolve));
    }
  },
};

function settle(id: number) {
  const read = reads.get(id);
  reads.delete(id);
  return read;
}

function fail(error: unknown, settled: boolean): void {
  send({ kind: "failed", error: ShoalError.from(error).toData(), settled });
}

function send(message: FromThread, transfer: readonly ArrayBuffer[] = []): void {
  parent.postMessage(message, transfer as ArrayBuffer[]);
}
