// Node 20 cannot load TypeScript: `node --import @shoal/workers/ts-loader job.ts` can.
import * as nodeModule from "node:module";
import * as hooks from "./hooks.mjs";

const { bun, deno } = process.versions;

// Bun and Deno read TypeScript themselves; with hooks, Deno can't load native libraries any more.
if (bun === undefined && deno === undefined) {
  register();
  // What runs is the module without its types, and printed anew: errors are to name the lines that their reader wrote.
  process.setSourceMapsEnabled(true);
}

// Newer Nodes run hooks in the same thread and deprecate `register`.
function register() {
  if (nodeModule.registerHooks) nodeModule.registerHooks(hooks.sync);
  else nodeModule.register("./hooks.mjs", import.meta.url);
}
