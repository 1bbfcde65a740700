// Runs in Bun and in Deno, by vitest.config.mjs of this folder: the suite that every engine must pass, in the runtime itself.
import { memoryEngine } from "@shoal/cluster";
import { testEngine } from "@shoal/testing/engine-suite";
import { embeddedFixture, shortLease } from "../../conformance/embedded-engines.ts";

testEngine("in memory", () => ({ engine: memoryEngine({ queue: shortLease }) }), shortLease);
testEngine("embedded", () => embeddedFixture(), shortLease);
