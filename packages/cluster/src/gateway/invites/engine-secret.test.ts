import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { memoryEngine, type CommitOutcome, type Engine } from "../../engine/index.ts";
import { engineSecret } from "./engine-secret.ts";

const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

test("all gateways of an engine have the secret that was proposed first, whatever they propose, and however often", async () => {
  const engine = memoryEngine();
  const [first, second] = await Promise.all([engineSecret(engine, secret(1)), engineSecret(engine, secret(2))]);
  expect([first, second]).toEqual([secret(1), secret(1)]);
  expect(await engineSecret(engine, secret(3))).toEqual(secret(1));
  expect(await engineSecret(engine, secret(1))).toEqual(secret(1));
});

test("one that can't be read is an error, and no endless wait", async () => {
  const engine = memoryEngine();
  await engine.ledger.open("~coordinator");
  await engine.ledger.commit("~coordinator", "secret", { attempt: "x", secret: "c2hvcnQ" });
  await expect(engineSecret(engine, secret(1))).rejects.toMatchObject({ code: "ledger-unreadable" });
});

test("an answer that was lost is asked for again", async () => {
  const { ledger, ...rest } = memoryEngine();
  let lost = 2;
  const commit = async (...args: Parameters<typeof ledger.commit>): Promise<CommitOutcome> => {
    const answer = await ledger.commit(...args);
    return lost-- > 0 ? { outcome: "undecided", reason: new ShoalError("engine-paused", "No answer came.") } : answer;
  };
  const shaky = { ...rest, ledger: { open: (job: string) => ledger.open(job), commit } } as unknown as Engine;
  const clock = { now: () => 0, sleep: async () => {} };
  expect(await engineSecret(shaky, secret(4), { clock })).toEqual(secret(4));
});
