import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const standardOutput = 1;
const standardError = 2;

let redirected: number | undefined;

/**
 * Out of memory, and whatever else a WebGPU device has to say, need not be a rejection in onnxruntime-node: it is a line on standard error (56 of them
 * in one run on a real GPU), and the run may end well, with wrong numbers. So standard error of an actor's process becomes a file, which its
 * inner thread reads after each operation, and passes on. What a library says while it takes the process down is lost by this.
 * @returns a descriptor to read the file by; undefined where this process is not an actor's alone, and on Windows, where the library does not
 *   write by descriptor
 */
export function redirectComplaints(): number | undefined {
  if (redirected !== undefined || !isActorProcess()) return redirected;
  const folder = mkdtempSync(join(tmpdir(), "shoal-actor-"));
  try {
    const path = join(folder, "standard-error");
    const reader = openSync(path, "a+");
    closeSync(standardError);
    // A new file gets the lowest number that is free.
    openSync(path, "a+");
    redirected = reader;
    process.on("exit", () => void readComplaint(reader));
    return reader;
  } catch {
    return undefined;
  } finally {
    // It lives on as long as it is open.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A forked process whose both outputs go to one place: the standard error that its host gave it. */
function isActorProcess(): boolean {
  if (process.platform === "win32" || process.send === undefined || process.versions["bun"] !== undefined) return false;
  const [out, error] = [fstatSync(standardOutput), fstatSync(standardError)];
  return out.dev === error.dev && out.ino === error.ino && out.rdev === error.rdev;
}

/** Passes on what was written to standard error since the last call. @returns what the device complained about in it */
export function readComplaint(reader: number): string | undefined {
  const parts: Buffer[] = [];
  for (;;) {
    const bytes = Buffer.alloc(16_384);
    const length = readSync(reader, bytes, 0, bytes.length, null);
    if (length === 0) break;
    parts.push(bytes.subarray(0, length));
  }
  if (parts.length === 0) return undefined;
  const text = Buffer.concat(parts);
  try {
    writeSync(standardOutput, text);
  } catch {
    // Nobody reads it, which is no reason to stop.
  }
  return complaintIn(text.toString());
}

/** Dawn's number for memory, of the kinds of errors that a device has. */
const outOfMemory = "3";

/** The first thing that a device complained about in what the library logged. */
export function complaintIn(text: string): string | undefined {
  const [, kind, words = ""] = /WebGPU device error\((\d+)\): ([^\n]*)/.exec(text) ?? [];
  if (kind === undefined) return undefined;
  return kind === outOfMemory ? `The GPU is out of memory: ${words}` : words;
}
