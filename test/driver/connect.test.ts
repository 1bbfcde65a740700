import { startCoordinator, type Coordinator } from "@shoal/coordinator";
import { ShoalError } from "@shoal/core";
import { connect, fromItems } from "shoal";
import { startAgent } from "shoal/agent";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));
const texts = ["I love this film.", "The food was terrible.", "What a great place!", "A boring, awful book."];
const reviews = () => fromItems(Array.from({ length: 400 }, (_, id) => ({ id, text: `${texts[id % 4]}` }))).mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { device: "cpu" });

let coordinator: Coordinator;
beforeAll(async () => void (coordinator = await startCoordinator({ name: "the shed" })));
afterAll(() => coordinator.close());

describe("connect(link)", () => {
  test("brings a job, and the model with it, to a worker that has neither", { timeout: 120_000 }, async () => {
    const worker = await startAgent(await coordinator.link(["work"]), { label: "a worker", name: "w1", resources: { cpus: 1 } });
    await using cluster = await connect(await coordinator.link(["submit"]));
    expect(cluster.name).toBe("the shed");
    const there = reviews();
    const rows = await there.takeAll(Infinity, { on: cluster, resources: { cpus: 0 } });
    expect(rows.slice(0, 4).map((row) => row.label)).toEqual(["POSITIVE", "NEGATIVE", "POSITIVE", "NEGATIVE"]);
    expect(rows).toEqual(await reviews().takeAll());
    expect(there.stats()).toMatch(/1 worker on cpu; rows by worker: a worker 400/);
    await worker.drain("the test is over");
  });

  test("says what is wrong with a link, before anything runs", async () => {
    expect(await thrown(connect("not a link"))).toMatchObject({ code: "bad-link" });
    expect(await thrown(connect(coordinator.url))).toMatchObject({ code: "bad-link" });
    expect(await thrown(connect("http://127.0.0.1:9/#token"))).toMatchObject({ code: "unreachable" });
    const forWorkers = await thrown(connect(await coordinator.link(["work"])));
    expect(forWorkers.hint).toBeDefined();
    expect(forWorkers.message).toMatch(/submit/);
    expect((await thrown(connect(`${coordinator.url}#${"x".repeat(80)}`))).code).not.toBe("unreachable");
  });

  test("says what is too long for a coordinator, and the connection takes the next job", async () => {
    await using cluster = await connect(await coordinator.link(["submit"]));
    expect(await thrown(reviews().takeAll(Infinity, { on: cluster, name: "n".repeat(1025) }))).toMatchObject({ code: "bad-option", message: expect.stringMatching(/^The name of the job has 1,025 characters; a coordinator takes 1,024 at most\./) as string });
    expect(await thrown(reviews().takeAll(Infinity, { on: cluster, note: "n".repeat(4097) }))).toMatchObject({ code: "bad-option", message: expect.stringMatching(/^The note of the job/) as string });
    const signal = new AbortController();
    const rows = reviews().takeAll(Infinity, { on: cluster, name: "n".repeat(1024), note: "n".repeat(4096), signal: signal.signal });
    await expect.poll(() => coordinator.gateway.snapshot().jobs.some(({ name }) => name.startsWith("nnn"))).toBe(true);
    signal.abort();
    expect(await thrown(rows)).toMatchObject({ code: "aborted" });
  });
});
