import { commitUntilDecided, memoryEngine, type CommitOutcome, type CommitRecord, type Engine, type LedgerEntry } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { openNatsEngine, type NatsEngineOptions } from "@shoal/engine-nats";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { startNatsProxy } from "./nats-proxy.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const many = 300;
let prefixes = 0;

describe.skipIf(findNatsServer() === undefined)("commits that come at once go together", () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    cluster = await startNats();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const open = async (prefix: string, options: Partial<NatsEngineOptions> = {}): Promise<Engine> => {
    const engine = await openNatsEngine({ servers: cluster.url, prefix, replicas: 1, blobs: memoryEngine().blobs, ...options });
    onTestFinished(() => engine.close());
    await engine.ledger.open("job");
    return engine;
  };
  const newPrefix = (): string => `batches-${prefixes++}`;

  test("each is told where it stands", async () => {
    const { ledger } = await open(newPrefix());
    const answers = await commitAll({ ledger }, "one");
    const seqs = new Map((await entries({ ledger })).map((entry) => [entry.block, entry.seq]));
    expect(seqs.size).toBe(many);
    for (const [at, answer] of answers.entries()) expect(answer).toEqual({ outcome: "accepted", seq: seqs.get(`block-${at}`) });
  });

  test("one that is lost costs the others nothing", async () => {
    const { ledger } = await open(newPrefix());
    for (const at of [7, 150, 299]) await ledger.commit("job", `block-${at}`, record("first"));
    const answers = await commitAll({ ledger }, "second");
    for (const [at, answer] of answers.entries()) expect(answer).toMatchObject([7, 150, 299].includes(at) ? { outcome: "lost", winner: record("first") } : { outcome: "accepted" });
    expect(await entries({ ledger })).toHaveLength(many);
  });

  test("of two gateways that bring the same blocks at once, each block has one winner, of whom both are told", async () => {
    const prefix = newPrefix();
    const [a, b] = [await open(prefix), await open(prefix)];
    const [ofA, ofB] = await Promise.all([commitAll(a, "a"), commitAll(b, "b")]);
    const winners = new Map((await entries(a)).map((entry) => [entry.block, entry.record.attempt]));
    expect(winners.size).toBe(many);
    for (let at = 0; at < many; at++) {
      const winner = winners.get(`block-${at}`);
      for (const [attempt, answer] of [["a", ofA[at]], ["b", ofB[at]]] as const) expect(answer).toMatchObject(attempt === winner ? { outcome: "accepted" } : { outcome: "lost", winner: { attempt: winner } });
    }
  });

  test("the same block twice at once is one commit", async () => {
    const { ledger } = await open(newPrefix());
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => ledger.commit("job", `block-${at >> 1}`, record("one"))));
    for (const answer of answers) expect(answer.outcome).toBe("accepted");
    expect(await entries({ ledger })).toHaveLength(20);
  });

  test("a batch whose answer is lost stands there, and each of it finds itself", async () => {
    const proxy = await startNatsProxy(cluster.urls[0] as string);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const { ledger } = await open(newPrefix(), { servers: proxy.url, requestMs: 500 });
    proxy.swallow(({ payload }) => payload.includes('"batch":'));
    const persistence = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
    const answers = await Promise.all(Array.from({ length: many }, (_, at) => commitUntilDecided(ledger, "job", `block-${at}`, record("one"), persistence)));
    expect(proxy.swallowed).toBe(1);
    const seqs = new Map((await entries({ ledger })).map((entry) => [entry.block, entry.seq]));
    for (const [at, answer] of answers.entries()) expect(answer).toEqual({ outcome: "accepted", seq: seqs.get(`block-${at}`) });
    expect(seqs.size).toBe(many);
  });
});

function record(attempt: string): CommitRecord {
  return { attempt, rows: 1 };
}

function commitAll({ ledger }: Pick<Engine, "ledger">, attempt: string): Promise<CommitOutcome[]> {
  return Promise.all(Array.from({ length: many }, (_, at) => ledger.commit("job", `block-${at}`, record(attempt))));
}

async function entries({ ledger }: Pick<Engine, "ledger">): Promise<Extract<LedgerEntry, { kind: "commit" }>[]> {
  const found: Extract<LedgerEntry, { kind: "commit" }>[] = [];
  for await (const entry of ledger.replay("job")) if (entry.kind === "commit") found.push(entry);
  return found;
}
