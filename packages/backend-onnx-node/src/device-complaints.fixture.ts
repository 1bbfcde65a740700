// An actor's process, as far as its standard error goes: writes to it as a native library does, and tells what was read.
import { closeSync, fstatSync, writeSync } from "node:fs";
import { passOn, readComplaint, redirectComplaints } from "./device-complaints.ts";

const [, , how] = process.argv;
if (how === "much") passMuchOn();
else if (how === "closed") tell(closedInput());
else tell(complained());

/** Standard output is a pipe that does not wait, since Node has opened it as a stream. */
function passMuchOn(): void {
  void process.stdout.writable;
  passOn(Buffer.alloc(2_000_000, "x"));
  tell("passed on");
}

function closedInput(): boolean {
  closeSync(0);
  return redirectComplaints() !== undefined;
}

function complained(): unknown {
  writeSync(2, "before\n");
  const complaints = redirectComplaints();
  if (complaints === undefined) return "not redirected";
  writeSync(2, "WebGPU device error(3): no more\n");
  const told: unknown[] = [readComplaint(complaints), readComplaint(complaints) ?? null];
  writeSync(2, `${"x".repeat(1024 * 1024)}\n`);
  readComplaint(complaints);
  told.push(fstatSync(complaints.descriptor).size);
  writeSync(2, "WebGPU device error(2): after the cut\n");
  told.push(readComplaint(complaints));
  writeSync(2, "at the end\n");
  return told;
}

function tell(what: unknown): void {
  process.send?.(what, () => process.exit(0));
}
