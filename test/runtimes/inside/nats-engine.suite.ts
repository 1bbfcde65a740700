// Runs in Bun and in Deno, by vitest.config.mjs of this folder: the suite that every engine must pass, in the runtime itself.
import { testEngine } from "@shoal/testing/engine-suite";
import { afterAll, beforeAll, describe } from "vitest";
import { findNatsServer } from "../../nats/find-nats-server.ts";
import { natsFixture, shortLease } from "../../nats/nats-engines.ts";
import { startNats, type NatsCluster } from "../../nats/start-nats.ts";

describe.skipIf(findNatsServer() === undefined)("one server", () => {
  let cluster: NatsCluster;
  beforeAll(async () => void (cluster = await startNats({ sync: "default" })));
  afterAll(() => cluster[Symbol.asyncDispose]());
  testEngine("NATS", () => natsFixture(cluster), { ...shortLease, blocks: 500 });
});
