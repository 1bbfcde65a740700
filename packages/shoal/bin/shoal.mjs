#!/usr/bin/env node
// What is installed has no source. In a clone that is what runs, so that `npx shoal` needs no build, and none that is out of date is run.
import { existsSync } from "node:fs";

const source = new URL("../src/cli/main.ts", import.meta.url);

if (existsSync(source)) await (await import("./run-source.mjs")).runSource(source);
else await import("../dist/cli/main.js");
