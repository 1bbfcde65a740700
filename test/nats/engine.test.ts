import { testEngine } from "@shoal/testing/engine-suite";
import { afterAll, beforeAll, describe } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { natsFixture, shortLease } from "./nats-engines.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();

describe.skipIf(path === undefined)("one server", () => {
  let cluster: NatsCluster;
  // Alone it syncs each write by itself: that is slow, and this is not about power cuts.
  beforeAll(async () => void (cluster = await startNats({ sync: "default" })));
  afterAll(() => cluster[Symbol.asyncDispose]());
  testEngine("NATS", () => natsFixture(cluster), { ...shortLease, blocks: 500 });
});

describe.skipIf(path === undefined)("three servers", () => {
  let cluster: NatsCluster;
  beforeAll(async () => void (cluster = await startNats({ servers: 3 })), 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());
  testEngine("NATS", () => natsFixture(cluster), { ...shortLease, blocks: 500 });
});
