import { testEngine } from "@shoal/testing/engine-suite";
import { afterAll, beforeAll, describe } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { natsFixture, shortLease } from "./nats-engines.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();

describe.skipIf(path === undefined)("one server", () => {
  let cluster: NatsCluster;
  beforeAll(async () => void (cluster = await startNats()));
  afterAll(() => cluster[Symbol.asyncDispose]());
  testEngine("NATS", () => natsFixture(cluster), shortLease);
});

describe.skipIf(path === undefined)("three servers", () => {
  let cluster: NatsCluster;
  beforeAll(async () => void (cluster = await startNats({ servers: 3 })), 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());
  testEngine("NATS", () => natsFixture(cluster), shortLease);
});
