import { ShoalError, silentLogger, sliceBlock, systemClock } from "@shoal/core";
import { protocolVersion } from "@shoal/cluster";
import { runToSink, type RunEvent, type StageProgress } from "@shoal/executor";
import { FakeClock, memorySink, rest } from "@shoal/testing";
import { afterEach, describe, expect, test } from "vitest";
import { numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";
import { machine, runHere, runOn } from "./remote-run.ts";
import { ScriptedGateway, type Script } from "./scripted-gateway.ts";

const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));
const doubled = () => poolOf(recutOf(scanOf(numbered(1000))));
const gateways: ScriptedGateway[] = [];
const scripted = (script: Script = {}): ScriptedGateway => {
  const gateway = new ScriptedGateway(script);
  gateways.push(gateway);
  return gateway;
};

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
});

describe("a connection that is lost", () => {
  test.each([0, 3, 6, 9])("in the middle of block %i leaves nothing of it behind", async (last) => {
    let dropped = false;
    const gateway = scripted({
      answer: async (offer, at) => {
        if (offer.block !== last || dropped) return at.answerInParts(offer, 1000);
        dropped = true;
        // A part that nothing follows: with what comes later it would be too much.
        at.part(offer, 4, await at.compute(offer, sliceBlock(offer.rowsOf, 4, 12)));
        await rest();
        at.drop();
      },
    });
    const { rows } = await runOn(gateway.cluster({ clock: new FakeClock({ auto: true }), silentMs: Infinity }), doubled());
    expect(rows).toEqual((await runHere(doubled())).rows);
    expect(gateway.connections).toBe(2);
  });

  test("is made anew, and what is not done is offered again from the first on, under its number", async () => {
    const taken: number[][] = [[]];
    const gateway = scripted({
      answer: async (offer, at) => {
        taken.at(-1)?.push(offer.block);
        if (taken.length === 1 && offer.block >= 2) {
          if (offer.block < 5) return;
          taken.push([]);
          return at.drop();
        }
        await at.answerInParts(offer, 20);
      },
    });
    const notices: string[] = [];
    const { rows } = await runOn(gateway.cluster({ clock: new FakeClock({ auto: true }), silentMs: Infinity }), doubled(), { onEvent: (event) => void (event.kind === "notice" && notices.push(event.message)) });
    expect(rows).toEqual((await runHere(doubled())).rows);
    expect(taken).toEqual([[0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7, 8, 9]]);
    expect(gateway.kinds("submit")).toHaveLength(2);
    expect(gateway.kinds("input-ended")).toMatchObject([{ blocks: 10 }]);
    expect(gateway.kinds("hello")).toMatchObject([{ token: "invite" }, { key: "key 1" }].map((by, at) => (at === 0 ? { role: "driver", name: "driver 1" } : by)));
    expect(notices.map((notice) => notice.replace(/in \d+ ms|in [\d.]+ s/, "in …"))).toEqual([
      "the shed can't be reached (The connection to the coordinator broke.); what it has is kept, and it is tried again from now on, first in ….",
      "Connected to the shed again.",
    ]);
  });

  test("is all that progress tells of the workers while it lasts, with when it is tried again", async () => {
    const clock = new FakeClock();
    let away = false;
    const gateway = scripted({ answer: (offer, at) => (at.connections > 1 || offer.block === 0 ? at.answerInParts(offer, 1000) : undefined) });
    const told: StageProgress[] = [];
    const running = runOn(gateway.cluster({ clock, silentMs: Infinity, random: () => 1, dial: async () => {
      if (away) throw new ShoalError("unreachable", "Nobody listens there.");
      return gateway.dial();
    } }), doubled(), { clock, onEvent: (event) => void (event.kind === "stage-progress" && event.name.includes("double") && told.push(event)) });
    while (gateway.offered.length < 4) await rest();
    gateway.say({ kind: "fleet", job: gateway.job, segment: 0, workers: 2, busy: 1, loading: 0 });
    await rest();
    await clock.advance(1_000);
    expect(told.at(-1)).toMatchObject({ actors: 2, actorsBusy: 1, byWorkers: true });
    expect(told.at(-1)).not.toHaveProperty("reconnectMs");
    away = true;
    gateway.drop();
    for (let second = 0; second < 6; second++) await clock.advance(1_000);
    const lost = told.filter(({ reconnectMs }) => reconnectMs !== undefined);
    expect(lost.length).toBeGreaterThan(3);
    for (const stage of lost) expect(stage).not.toSatisfy((each: object) => "actors" in each || "actorsBusy" in each || "etaMs" in each);
    expect(lost.every(({ reconnectMs = -1 }) => reconnectMs >= 0 && reconnectMs <= 8_000)).toBe(true);
    away = false;
    while (gateway.connections === 1) await clock.advance(1_000);
    expect((await running).rows).toEqual((await runHere(doubled())).rows);
    expect(told.at(-1)).not.toHaveProperty("reconnectMs");
  });

  test("that stays leaves a block that all wait for named, and again while it lasts", async () => {
    const clock = new FakeClock();
    let answerFirst = (): void => {};
    const gateway = scripted({ answer: (offer, at) => {
      if (offer.block > 0) return at.answerInParts(offer, 1000);
      answerFirst = () => void at.answerInParts(offer, 1000);
    } });
    const notices: string[] = [];
    const running = runOn(gateway.cluster({ clock, silentMs: Infinity }), doubled(), { onEvent: (event) => void (event.kind === "notice" && notices.push(event.message)) });
    while (gateway.offered.length < 4) await rest();
    while (notices.length === 0) await clock.advance(1_000);
    for (let second = 0; second < 40; second++) await clock.advance(1_000);
    expect(notices).toEqual(["1", "3"].map((ten) => expect.stringMatching(new RegExp(`^double: waiting for block 0, which has been under way for ${ten}\\d\\.\\d s; \\d blocks behind it are done$`)) as string));
    answerFirst();
    expect((await running).rows).toEqual((await runHere(doubled())).rows);
  });

  test("that says that all workers are at other jobs leaves no time left, and no block that is under way", async () => {
    const clock = new FakeClock();
    let answerFirst = (): void => {};
    const gateway = scripted({ answer: (offer, at) => {
      if (offer.block > 0) return at.answerInParts(offer, 1000);
      answerFirst = () => void at.answerInParts(offer, 1000);
    } });
    const told: Extract<RunEvent, { kind: "stage-progress" }>[] = [];
    const notices: string[] = [];
    const running = runOn(gateway.cluster({ clock, silentMs: Infinity }), doubled(), { clock, onEvent: (event) => {
      if (event.kind === "stage-progress" && event.queue !== undefined) told.push(event);
      else if (event.kind === "notice") notices.push(event.message);
    } });
    while (gateway.offered.length < 4) await rest();
    const fleet = { kind: "fleet", job: gateway.job, segment: 0, workers: 2, loading: 0 } as const;
    gateway.say({ ...fleet, busy: 0, atOtherJobs: 2 });
    await rest();
    for (let second = 0; second < 60; second++) await clock.advance(1_000);
    expect(notices).toEqual([]);
    expect(told.at(-1)).toMatchObject({ actors: 2, actorsBusy: 0, actorsAtOtherJobs: 2 });
    expect(told.at(-1)).not.toHaveProperty("etaMs");
    gateway.say({ ...fleet, busy: 1 });
    while (notices.length === 0) await clock.advance(1_000);
    expect(notices).toEqual([expect.stringMatching(/^double: waiting for block 0, which has been under way for 1\d\.\d s; \d blocks behind it are done$/) as string]);
    expect(told.at(-1)).not.toHaveProperty("actorsAtOtherJobs");
    answerFirst();
    expect((await running).rows).toEqual((await runHere(doubled())).rows);
  });

  test("is made anew to another gateway, which is said", async () => {
    const gateway = scripted({ names: ["gate-2", "gate-1"], answer: (offer, at) => (at.connections === 1 ? at.drop() : at.answerInParts(offer, 20)) });
    const notices: string[] = [];
    await runOn(gateway.cluster({ clock: new FakeClock({ auto: true }), silentMs: Infinity }), doubled(), { onEvent: (event) => void (event.kind === "notice" && notices.push(event.message)) });
    expect(notices.at(-1)).toBe("gate-2 is gone; going on at gate-1.");
  });

  test("after the input has ended says again that it has", async () => {
    let ended = false;
    const gateway = scripted({
      ask: 100,
      answer: async (offer, at) => {
        if (!ended && at.kinds("input-ended").length === 0) {
          // The last block waits until everything was said.
          if (offer.block === 9) {
            while (at.kinds("input-ended").length === 0) await rest();
            ended = true;
            at.drop();
          }
          return;
        }
        await at.answerInParts(offer, 1000);
      },
    });
    const { rows } = await runOn(gateway.cluster({ clock: new FakeClock({ auto: true }), silentMs: Infinity }), doubled());
    expect(rows).toHaveLength(1000);
    expect(gateway.kinds("input-ended")).toMatchObject([{ blocks: 10 }, { blocks: 10 }]);
  });

  test("just before the output is published is waited for, so that the coordinator hears of it", async () => {
    const gateway = scripted();
    const cluster = gateway.cluster();
    await using job = await cluster.openJob({ name: "test", volunteers: false, signal: new AbortController().signal, onNotice: () => {} });
    const sink = memorySink();
    await runToSink(doubled(), sink, { ...machine(), remote: job.pools });
    gateway.drop();
    await rest();
    await job.published();
    await rest();
    expect(gateway.connections).toBe(2);
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "published" });
  });

  test("is noticed by its silence, where a job runs", async () => {
    const clock = new FakeClock();
    const gateway = scripted({ answer: (offer, at) => (at.connections === 1 ? undefined : at.answerInParts(offer, 1000)) });
    const running = runOn(gateway.cluster({ clock }), doubled());
    while (gateway.offered.length < 4) await rest();
    await clock.advance(59_000);
    expect(gateway.connections).toBe(1);
    await clock.advance(20_000);
    const { rows } = await running;
    expect([rows.length, gateway.connections]).toEqual([1000, 2]);
  });

  test("is tried ever more slowly, for as long as it takes", async () => {
    const clock = new FakeClock({ auto: true });
    const times: number[] = [];
    const gateway = scripted();
    const cluster = gateway.cluster({
      clock, silentMs: Infinity, random: () => 1,
      dial: async () => {
        times.push(clock.now());
        if (times.length < 9) throw new ShoalError("connection-refused", "Nobody listens there.");
        return gateway.dial();
      },
    });
    expect((await runOn(cluster, doubled())).rows).toHaveLength(1000);
    expect(times.slice(1).map((time, at) => time - (times[at] as number))).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });
});

describe("whether it is there", () => {
  test("is known after ready(), and then nothing is kept open", async () => {
    const gateway = scripted();
    const cluster = gateway.cluster({ token: "invite", clock: systemClock });
    await cluster.ready();
    expect(cluster.name).toBe("the shed");
    expect(gateway.heard).toEqual([{ kind: "hello", protocol: protocolVersion, role: "driver", name: "driver 1", token: "invite" }]);
    expect((await runOn(cluster, doubled())).rows).toHaveLength(1000);
    expect(gateway.connections).toBe(2);
    expect(gateway.kinds("hello")[1]).toMatchObject({ key: "key 1" });
  });

  test("a refusal is final, for jobs too", async () => {
    const bye = { kind: "bye", again: false, error: { code: "scope-missing", message: "This link is for workers.", hint: "Ask for one with submit." } } as const;
    const cluster = scripted({ bye }).cluster();
    expect(await thrown(cluster.ready())).toMatchObject({ code: "scope-missing" });
    expect(await thrown(runOn(cluster, doubled()))).toMatchObject({ code: "scope-missing" });
    expect(await thrown(runOn(scripted({ bye }).cluster(), doubled()))).toMatchObject({ code: "scope-missing" });
  });

  test("another version is one, and says which side to update", async () => {
    const cluster = scripted({ protocol: protocolVersion + 1 }).cluster();
    expect(await thrown(cluster.ready())).toMatchObject({ code: "protocol-mismatch" });
  });

  test("so is what the dialler knows to be wrong", async () => {
    const cluster = scripted().cluster({ dial: () => Promise.reject(new ShoalError("bad-link", "This is no link.", { failure: "bug" })) });
    expect(await thrown(runOn(cluster, doubled()))).toMatchObject({ code: "bad-link" });
  });

  test("one that can't be reached is told at once, and may be tried again", async () => {
    const gateway = scripted();
    let away = true;
    const cluster = gateway.cluster({ dial: async () => { if (away) throw new ShoalError("unreachable", "Nobody listens there."); return gateway.dial(); } });
    expect(await thrown(cluster.ready())).toMatchObject({ code: "unreachable" });
    away = false;
    await cluster.ready();
  });

  describe("where it may be starting", () => {
    const startingIn = (ms: number, first: ShoalError["code"] = "unreachable", said: string[] = []) => {
      const clock = new FakeClock({ auto: true });
      const gateway = scripted();
      let tries = 0;
      const log = { ...silentLogger, info: (message: string) => void said.push(message) };
      return gateway.cluster({ clock, log, random: () => 1, silentMs: Infinity, dial: async () => {
        const code = tries++ === 0 ? first : "unreachable";
        if (clock.now() < ms) throw new ShoalError(code, "It is not there.");
        return gateway.dial();
      } });
    };

    test("is waited for as long as is asked for, which is said once", async () => {
      const said: string[] = [];
      await startingIn(20_000, "unreachable", said).ready({ patienceMs: 60_000 });
      expect(said).toEqual(["It is not there. It is tried again for 1 min 0 s."]);
      expect(await thrown(startingIn(300_000).ready({ patienceMs: 60_000 }))).toMatchObject({ code: "unreachable" });
    });

    test("is waited for without being asked where it was there and broke off", async () => {
      await startingIn(20_000, "connection-lost").ready();
      expect(await thrown(startingIn(300_000, "connection-lost").ready())).toMatchObject({ code: "unreachable" });
    });

    test("is waited for until the signal says no more", async () => {
      const asked = new AbortController();
      const waiting = scripted().cluster({ clock: new FakeClock(), dial: () => Promise.reject(new ShoalError("unreachable", "It is not there.")) }).ready({ patienceMs: 60_000, signal: asked.signal });
      asked.abort(new ShoalError("aborted", "No more.", { failure: "aborted" }));
      expect(await thrown(waiting)).toMatchObject({ code: "aborted" });
    });
  });

  test("a closed cluster takes no job, and takes back those that it has", async () => {
    const gateway = scripted({ answer: () => {} });
    const cluster = gateway.cluster();
    const running = runOn(cluster, doubled());
    while (gateway.offered.length === 0) await rest();
    await cluster[Symbol.asyncDispose]();
    expect(await thrown(running)).toMatchObject({ code: "cluster-closed" });
    await rest();
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "cancel" });
    expect(await thrown(runOn(cluster, doubled()))).toMatchObject({ code: "cluster-closed" });
  });
});
