import { memoryEngine, type Engine } from "@shoal/cluster";
import { openNatsEngine } from "@shoal/engine-nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();
const queue = "shoal-queue";

describe.skipIf(path === undefined)("a consumer that nobody leads", { timeout: 120_000 }, () => {
  test("keeps nobody from the tasks of the others", async () => {
    const cluster = await startNats({ servers: 3 });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const tasks = await openAt(cluster.url);
    for (const className of ["cpu", "lone"]) await tasks.queue.offer({ id: className, class: className, priority: 5, body: {} });
    const server = await serverOfLoneOne(cluster);
    const engine = await openAt(cluster.urls.filter((_, index) => index !== server).join(","));
    // It is stopped: until another one is elected, in four seconds or more, whoever asks how all consumers stand waits for this one.
    cluster.freeze(server);
    onTestFinished(() => cluster.thaw(server));
    const leases = await engine.queue.pull(["lone", "cpu"], 1, 3000);
    expect(leases.map(({ task }) => task.id)).toEqual(["cpu"]);
  });
});

/** Its patience is shorter than any election. */
async function openAt(servers: string): Promise<Engine> {
  const engine = await openNatsEngine({ servers, blobs: memoryEngine().blobs, requestMs: 1000, patienceMs: 2500 });
  onTestFinished(() => engine.close());
  return engine;
}

/** Sees that one server leads the consumer `lone-5`, and nothing else that the queue needs. */
async function serverOfLoneOne({ monitors, urls }: NatsCluster): Promise<number> {
  const connection = await connect({ servers: [...urls] });
  onTestFinished(() => connection.close());
  const jsm = await jetstreamManager(connection);
  const { meta_cluster: meta } = (await (await fetch(`${monitors[0]}/jsz`)).json()) as { readonly meta_cluster: { readonly leader: string } };
  const needed = [meta.leader, (await jsm.streams.info(queue)).cluster?.leader];
  const elect = async (consumer: string, suits: (leader: string) => boolean): Promise<string> => {
    for (;;) {
      const leader = await jsm.consumers.info(queue, consumer).then(({ cluster }) => cluster?.leader, () => undefined);
      if (leader !== undefined && suits(leader)) return leader;
      await connection.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${queue}.${consumer}`, undefined, { timeout: 2000 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await elect("cpu-5", (leader) => needed.includes(leader));
  const leader = await elect("lone-5", (name) => !needed.includes(name));
  return urls.findIndex((_, index) => leader === `n${index}`);
}
