import { memoryEngine } from "@shoal/cluster";
import { testEngine } from "@shoal/testing/engine-suite";
import { embeddedFixture, shortLease } from "./embedded-engines.ts";

testEngine("in memory", () => ({ engine: memoryEngine({ queue: shortLease }) }), shortLease);
testEngine("embedded", () => embeddedFixture(), shortLease);
testEngine("embedded, compacting all the time", () => embeddedFixture({ journal: { maxObsoleteRecords: 0, maxFileBytes: 2000 } }), { ...shortLease, blocks: 200 });
