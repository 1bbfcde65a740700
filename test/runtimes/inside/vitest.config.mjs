// vitest in Bun and in Deno: what is run there is named *.suite.ts, so that npm test does not run it in Node.
import workspace from "../../../vitest.config.ts";

export default { ...workspace, test: { ...workspace.test, include: ["test/runtimes/inside/*.suite.ts"] } };
