// Node 20 cannot load TypeScript: `node --import @shoal/workers/ts-loader job.ts` can.
import * as nodeModule from "node:module";
import * as hooks from "./hooks.mjs";

// Newer Nodes run hooks in the same thread and deprecate `register`.
if (nodeModule.registerHooks) nodeModule.registerHooks(hooks.sync);
else nodeModule.register("./hooks.mjs", import.meta.url);
