// An actor's process, as far as its standard error goes: writes to it as a native library does, and tells what was read.
import { writeSync } from "node:fs";
import { readComplaint, redirectComplaints } from "./device-complaints.ts";

writeSync(2, "before\n");
const reader = redirectComplaints() as number;
writeSync(2, "WebGPU device error(3): no more\n");
const told = [readComplaint(reader), readComplaint(reader) ?? null];
writeSync(2, "at the end\n");
process.send?.(told, () => process.exit(0));
