import { closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const standardInput = 0;
const standardOutput = 1;
const standardError = 2;

/** What has been read and is longer than this is cut away. */
const longBytes = 1024 * 1024;

/** What was standard error, to be read by all threads of a process. */
export interface Complaints {
  readonly descriptor: number;
  /** How far it has been read; of one number, in memory that the threads share. */
  readonly position: Int32Array;
}

let redirected: Complaints | undefined;

/**
 * Out of memory, and whatever else a WebGPU device has to say, need not be a rejection in onnxruntime-node: it is a line on standard error (56 of them
 * in one run on a real GPU), and the run may end well, with wrong numbers. So standard error of an actor's process becomes a file, which its
 * inner thread reads after each operation, and passes on. What a library says while it takes the process down is lost by this.
 * @returns what to read it by; undefined where this process is not an actor's alone, and on Windows, where the library does not
 *   write by descriptor
 */
export function redirectComplaints(): Complaints | undefined {
  if (redirected !== undefined || !isActorProcess()) return redirected;
  const folder = mkdtempSync(join(tmpdir(), "shoal-actor-"));
  try {
    const path = join(folder, "standard-error");
    const descriptor = openSync(path, "a+");
    closeSync(standardError);
    // A new file gets the lowest number that is free, unless another thread was faster.
    const given = openSync(path, "a+");
    if (given !== standardError) {
      closeSync(given);
      closeSync(descriptor);
      return undefined;
    }
    const complaints = { descriptor, position: new Int32Array(new SharedArrayBuffer(4)) };
    redirected = complaints;
    process.on("exit", () => void readComplaint(complaints));
    return complaints;
  } catch {
    return undefined;
  } finally {
    // It lives on as long as it is open.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process that `forkActor` started: both its outputs go to one place, the standard error of its host. */
function isActorProcess(): boolean {
  if (process.platform === "win32" || process.versions["bun"] !== undefined) return false;
  // Its own children inherit the variable, and are nobody's actors.
  if (process.send === undefined || process.env["SHOAL_ACTOR_OF"] !== String(process.ppid)) return false;
  try {
    fstatSync(standardInput);
    const [out, error] = [fstatSync(standardOutput), fstatSync(standardError)];
    return out.dev === error.dev && out.ino === error.ino && out.rdev === error.rdev;
  } catch {
    // One of the three is closed.
    return false;
  }
}

/** Passes on what was written to standard error since the last call. @returns what the device complained about in it */
export function readComplaint({ descriptor, position }: Complaints): string | undefined {
  const parts: Buffer[] = [];
  for (;;) {
    const bytes = Buffer.alloc(16_384);
    const length = readSync(descriptor, bytes, 0, bytes.length, Atomics.load(position, 0));
    if (length === 0) break;
    Atomics.add(position, 0, length);
    parts.push(bytes.subarray(0, length));
  }
  if (parts.length === 0) return undefined;
  // Between operations the library says nothing that this could cut away unread.
  if (Atomics.load(position, 0) >= longBytes) {
    ftruncateSync(descriptor, 0);
    Atomics.store(position, 0, 0);
  }
  const text = Buffer.concat(parts);
  passOn(text);
  return complaintIn(text.toString());
}

const patienceMs = 1000;
const pauseMs = 5;

/** Writes all of it to standard output, which may be a pipe that does not wait until there is room; gives up where nobody reads for a second. */
export function passOn(bytes: Uint8Array): void {
  let waitedMs = 0;
  for (let at = 0; at < bytes.length && waitedMs < patienceMs; ) {
    try {
      at += writeSync(standardOutput, bytes, at);
      waitedMs = 0;
    } catch (error) {
      // Nobody is there to read it, which is no reason to stop.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      waitedMs += pauseMs;
    }
  }
}

/** Dawn's number for memory, of the kinds of errors that a device has. */
const outOfMemory = "3";

/** The first thing that a device complained about in what the library logged. */
export function complaintIn(text: string): string | undefined {
  const [, kind, words = ""] = /WebGPU device error\((\d+)\): ([^\n]*)/.exec(text) ?? [];
  if (kind === undefined) return undefined;
  return kind === outOfMemory ? `The GPU is out of memory: ${words}` : words;
}
