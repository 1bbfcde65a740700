import { columnFromValues, ShoalError, type ActorContext, type ConcreteDevice, type Devices, type JsonObject, type Predictor, type PredictorSpec } from "@shoal/core";
import { execute, formatStats, type Environment, type Execution } from "@shoal/executor";
import type { ActorPoolStage } from "@shoal/planner";
import { FakeActorHost, FakeClock } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { doubling, idsOf, numbered, poolOf, recutOf, rowsOf, scanOf } from "./plans.ts";

const rowCount = 150;
const all = ["cuda", "webgpu", "wasm", "cpu"] as const;

interface Machine extends Devices {
  readonly memory: Map<string, string>;
}

function machine(candidates: readonly ConcreteDevice[] = all, memory = new Map<string, string>()): Machine {
  return { memory, candidates: async () => candidates, recall: async (key) => memory.get(key), remember: async (key, choice) => void memory.set(key, choice) };
}

interface Traits {
  /** Of one row. */
  readonly ms?: number;
  readonly wrong?: true;
  readonly fails?: true;
  readonly hangs?: true;
}

type Behaviour = (device: ConcreteDevice, options: JsonObject) => Traits;

/** A run of `double` on a machine whose devices behave as told. */
function run(devices: Devices, behave: Behaviour, change: Partial<Omit<ActorPoolStage, "policy" | "input">> = {}, around: Partial<Environment> = {}): { execution: Execution; host: FakeActorHost; used: () => Set<string> } {
  const clock = new FakeClock({ auto: true });
  const host = new FakeActorHost({ clock, load: async (spec, actor) => predictor(spec, actor, behave, clock) });
  const plan = poolOf(recutOf(scanOf(numbered(rowCount))), { ...change, policy: { maxBatchRows: 64 } });
  const execution = execute(plan, { host, clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 }, ...around });
  const used = (): Set<string> => new Set(host.requests.slice(-plan.maxActors).map(({ device }) => device));
  return { execution, host, used };
}

async function predictor(spec: PredictorSpec, actor: ActorContext, behave: Behaviour, clock: FakeClock): Promise<Predictor> {
  const { ms = 5, wrong, fails, hangs } = behave(actor.device, spec.kind === "declarative" ? spec.options : {});
  if (fails) throw new ShoalError("device-unavailable", `There is no ${actor.device} here.`);
  const right = doubling([], actor);
  return {
    ...right,
    async predict(batch, signal) {
      await clock.sleep(hangs ? 1e9 : ms * batch.rows, actor.signal);
      return wrong ? { rows: batch.rows, columns: { doubled: columnFromValues(Array.from({ length: batch.rows }, () => 0)) }, lineage: [] } : right.predict(batch, signal) as Promise<never>;
    },
  };
}

const doubled = Array.from({ length: rowCount }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id }));
const deviceOf = (execution: Execution): string | undefined => execution.stats().stages.at(-1)?.pool?.device;
const fastest = (quick: ConcreteDevice): Behaviour => (device) => ({ ms: device === quick ? 1 : 9 });

describe('device "auto" is a measurement', () => {
  test.each(all)("the fastest is used when that is %s, and the report says why", async (quick) => {
    const { execution, host } = run(machine(), fastest(quick));
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(deviceOf(execution)).toBe(quick);
    expect(new Set(host.requests.slice(4).map(({ device }) => device))).toEqual(new Set([quick]));
    expect(formatStats(execution.stats())).toMatch(new RegExp(`${quick} is the fastest: ${quick} [\\d,]+ rows/s, `));
    expect(host.alive).toBe(0);
  });

  test.each(all)("slowing %s in turn changes the choice", async (slow) => {
    const speeds: Record<string, number> = { cuda: 1, webgpu: 2, wasm: 3, cpu: 4 };
    const { execution } = run(machine(), (device) => ({ ms: device === slow ? 50 : (speeds[device] as number) }), { maxActors: 1, minActors: 1 });
    await rowsOf(execution);
    expect(deviceOf(execution)).toBe(slow === "cuda" ? "webgpu" : "cuda");
  });

  test("actors on CPUs are counted as many as there may be; those on one GPU share it", async () => {
    const { execution } = run(machine(["webgpu", "cpu"]), (device) => ({ ms: device === "cpu" ? 3 : 2 }));
    await rowsOf(execution);
    expect(deviceOf(execution)).toBe("cpu");
  });

  test("other results than the last candidate's are not taken, however fast", async () => {
    const { execution } = run(machine(), (device) => (device === "cuda" ? { ms: 0.1, wrong: true } : { ms: device === "webgpu" ? 1 : 9 }));
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(deviceOf(execution)).toBe("webgpu");
    expect(execution.stats().stages.at(-1)?.pool?.deviceChoice).toContain('cuda: it gives another "doubled" in row 1 of 32');
  });

  test("a device that is missing, or says nothing for ever, fails no run", async () => {
    const { execution, host } = run(machine(), (device) => ({ cuda: { fails: true }, webgpu: { hangs: true } } as Partial<Record<ConcreteDevice, Traits>>)[device] ?? { ms: device === "wasm" ? 1 : 5 });
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(deviceOf(execution)).toBe("wasm");
    expect(execution.stats().stages.at(-1)?.pool?.deviceChoice).toMatch(/cuda: There is no cuda here; webgpu|webgpu: It ran for longer than \d+ s; cuda: There is no cuda here/);
    expect(host.alive).toBe(0);
  });

  test("where the device for every model fails, its error ends the run at once", async () => {
    const { execution, host } = run(machine(), () => ({ fails: true }));
    await expect(rowsOf(execution)).rejects.toMatchObject({ code: "device-unavailable", message: "There is no cpu here." });
    expect(host.requests.map(({ device }) => device)).toEqual(["cpu"]);
  });

  test("of one device nothing is tried", async () => {
    const { execution, host } = run(machine(["cpu"]), () => ({}));
    await rowsOf(execution);
    expect(host.requests.map(({ device }) => device)).toEqual(["cpu", "cpu"]);
    expect(execution.stats().stages.at(-1)?.pool?.deviceChoice).toBeUndefined();
  });

  test("of dtypes that a model offers, the fastest that agrees with the first", async () => {
    const dtypes: Record<string, Traits> = { fp32: { ms: 4 }, fp16: { ms: 2 }, q8: { ms: 1, wrong: true } };
    const variants = Object.keys(dtypes).map((dtype) => ({ dtype }));
    const { spec } = poolOf(scanOf(numbered(1)));
    const { execution, host } = run(machine(["cpu"]), (_device, options) => dtypes[options["dtype"] as string] ?? { fails: true }, { spec: { ...spec, variants } as PredictorSpec });
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(host.requests.at(-1)?.spec).toMatchObject({ options: { dtype: "fp16" } });
  });
});

describe("a choice is remembered", () => {
  test("per model: the next run tries nothing", async () => {
    const devices = machine();
    await rowsOf(run(devices, fastest("webgpu")).execution);
    const again = run(devices, fastest("cpu"));
    expect(await rowsOf(again.execution)).toEqual(doubled);
    expect(again.host.requests.map(({ device }) => device)).toEqual(["webgpu", "webgpu"]);
    const { spec } = poolOf(scanOf(numbered(1)));
    const other = run(devices, fastest("cpu"), { spec: { ...spec, model: "another" } as PredictorSpec });
    await rowsOf(other.execution);
    expect(deviceOf(other.execution)).toBe("cpu");
  });

  test("until it can't be started any more, or is no choice that we know", async () => {
    const devices = machine();
    await rowsOf(run(devices, fastest("cuda")).execution);
    const without = run(devices, (device) => (device === "cuda" ? { fails: true } : fastest("wasm")(device, {})));
    await rowsOf(without.execution);
    expect(deviceOf(without.execution)).toBe("wasm");
    for (const key of devices.memory.keys()) devices.memory.set(key, '{"device":"abacus"}');
    const spoiled = run(devices, fastest("webgpu"));
    await rowsOf(spoiled.execution);
    expect(deviceOf(spoiled.execution)).toBe("webgpu");
  });
});

describe("numGpus", () => {
  const onGpu = { numGpus: 1, maxActors: 1, minActors: 1 };

  test("asks for a GPU, however fast the CPU is", async () => {
    const { execution } = run(machine(), (device) => ({ ms: { cpu: 0.1, wasm: 0.1, cuda: 9, webgpu: 5 }[device] }), onGpu);
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(deviceOf(execution)).toBe("webgpu");
  });

  test("is an error that names what each GPU lacks", async () => {
    const { execution, host } = run(machine(), (device) => (device === "cpu" || device === "wasm" ? {} : { fails: true }), onGpu);
    await expect(rowsOf(execution)).rejects.toThrow(/double asks for a GPU.*webgpu: There is no webgpu here.*cuda: There is no cuda here/);
    expect(host.alive).toBe(0);
  });
});

describe("what goes wrong while devices are tried is met as ever", () => {
  const strange = (devices: Partial<Devices>): Devices => ({ ...machine(), ...devices });
  const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 5));
  const slow: Record<string, Devices> = {
    "as it is": machine(),
    "with slow candidates": strange({ candidates: () => later(all) }),
    "with a slow memory": strange({ recall: () => later(undefined) }),
    "with candidates that never come": strange({ candidates: () => new Promise(() => {}) }),
  };

  test.each(Object.keys(slow))("a run without rows ends, and one that is stopped, or fails, %s", async (name) => {
    const devices = slow[name] as Devices;
    const clock = new FakeClock({ auto: true });
    const host = new FakeActorHost({ clock, load: async (spec, actor) => predictor(spec, actor, () => ({}), clock) });
    const environment: Environment = { host, clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 } };
    expect(await rowsOf(execute(poolOf(recutOf(scanOf(numbered(0)))), environment))).toEqual([]);
    const failing = { ...numbered(10), read: () => { throw new ShoalError("bad-file", "It can't be read."); } } as never;
    await expect(rowsOf(execute(poolOf(recutOf(scanOf(failing))), environment))).rejects.toThrow("It can't be read.");
    const stop = new AbortController();
    const stopped = rowsOf(execute(poolOf(recutOf(scanOf(numbered(rowCount)))), { ...environment, signal: stop.signal }));
    stop.abort(new ShoalError("aborted", "enough", { failure: "aborted" }));
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect(host.alive).toBe(0);
  });

  test("loading may take longer than a batch", async () => {
    const clock = new FakeClock({ auto: true });
    const host = new FakeActorHost({ clock, loadMs: 3000, load: async (spec, actor) => predictor(spec, actor, () => ({}), clock) });
    const execution = execute(poolOf(recutOf(scanOf(numbered(rowCount))), { timeoutMs: 1000 }), { host, clock, devices: machine(), resources: { cpus: 16, gpus: 1, memory: 2 ** 33 } });
    expect(await rowsOf(execution)).toEqual(doubled);
  });

  test("a row that hangs costs itself alone, and so does a device that is lost once", async () => {
    for (const fault of ["hang", "lost"]) {
      const clock = new FakeClock({ auto: true });
      let struck = false;
      const host = new FakeActorHost({
        clock,
        load: async (spec, actor) => {
          const right = await predictor(spec, actor, () => ({}), clock);
          return {
            ...right,
            async predict(batch, signal) {
              if (fault === "hang" && idsOf(batch).includes(7)) await clock.sleep(1e9, actor.signal);
              if (fault === "lost" && !struck) {
                struck = true;
                throw new ShoalError("device-lost", "The device is lost.", { failure: "device-lost" });
              }
              return right.predict(batch, signal) as Promise<never>;
            },
          };
        },
      });
      const devices = machine();
      const execution = execute(poolOf(recutOf(scanOf(numbered(rowCount))), { timeoutMs: 5000, onError: "skip" }), { host, clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 } });
      expect(await rowsOf(execution)).toEqual(fault === "hang" ? doubled.filter(({ id }) => id !== 7) : doubled);
      expect(execution.stats().stages.at(-1)?.pool?.deviceChoice).toMatch(/^cpu, not measured/);
      expect(devices.memory.size, "an accident is not remembered").toBe(0);
    }
  });

  test("a candidate that was too slow this time is tried again the next", async () => {
    const devices = machine(["webgpu", "cpu"]);
    await rowsOf(run(devices, (device) => (device === "webgpu" ? { hangs: true } : {})).execution);
    const again = run(devices, fastest("webgpu"));
    await rowsOf(again.execution);
    expect(deviceOf(again.execution)).toBe("webgpu");
  });

  test("one that hangs is waited for by what the first gave: its first run and one warm one, however many were measured", async () => {
    const { execution } = run(machine(["webgpu", "cpu"]), (device) => (device === "webgpu" ? { hangs: true } : { ms: 70 }));
    await rowsOf(execution);
    expect(execution.stats().stages.at(-1)?.pool?.deviceChoice).toContain("webgpu: It ran for longer than 20 s");
  });

  test("one that hangs while it loads, though it was the fastest before, is given up, and a person is told", async () => {
    const devices = machine(["webgpu", "cpu"]);
    await rowsOf(run(devices, fastest("webgpu")).execution);
    const clock = new FakeClock({ auto: true });
    const notices: string[] = [];
    const host = new FakeActorHost({ clock, load: async (spec, actor) => (actor.device === "webgpu" ? clock.sleep(1e9, actor.signal).then(() => never()) : predictor(spec, actor, () => ({}), clock)) });
    const spawn = host.spawn.bind(host);
    // As of a real host: a spawn that is given up rejects.
    host.spawn = (request, signal) => Promise.race([spawn(request, signal), new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
    const execution = execute(poolOf(recutOf(scanOf(numbered(rowCount)))), { host, clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 }, onEvent: (event) => event.kind === "notice" && notices.push(event.message) });
    expect(await rowsOf(execution)).toEqual(doubled);
    expect(deviceOf(execution)).toBe("cpu");
    expect(notices.join("\n")).toMatch(/double on webgpu: an actor has been loading for \d+ s/);
  });

  test("of a first block in which every row is bad nothing is learned for the next run", async () => {
    const devices = machine(["webgpu", "cpu"]);
    const clock = new FakeClock({ auto: true });
    const host = new FakeActorHost({
      clock,
      load: async (spec, actor) => {
        const right = await predictor(spec, actor, fastest("webgpu"), clock);
        return { ...right, predict: (batch, signal) => (idsOf(batch).some((id) => id < 32) ? Promise.reject(new TypeError("a bad row")) : right.predict(batch, signal)) };
      },
    });
    const execution = execute(poolOf(recutOf(scanOf(numbered(rowCount)), 32), { onError: "skip", policy: { batchSize: 32 } }), { host, clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 } });
    expect(await rowsOf(execution)).toHaveLength(rowCount - 32);
    expect(devices.memory.size).toBe(0);
  });

  test("what was chosen without a device that lacks something counts for an hour, the rest for ever", async () => {
    for (const [behave, forMs] of [[(device) => (device === "cuda" ? { fails: true } : {}), 3_600_000], [fastest("cpu"), undefined]] as [Behaviour, number | undefined][]) {
      const kept: (number | undefined)[] = [];
      const devices = { ...machine(["cuda", "cpu"]), remember: async (_key: string, _choice: string, ms?: number) => void kept.push(ms) };
      await rowsOf(run(devices, behave).execution);
      expect(kept).toEqual([forMs]);
    }
  });

  test("another batch size is another question", async () => {
    const devices = machine();
    await rowsOf(run(devices, fastest("webgpu")).execution);
    const keys = devices.memory.size;
    await rowsOf(execute(poolOf(recutOf(scanOf(numbered(50))), { policy: { batchSize: 1 } }), { ...worldOf(devices) }));
    expect(devices.memory.size).toBe(keys + 1);
  });
});

function never(): never {
  throw new Error("It should not have come here.");
}

function worldOf(devices: Devices): Environment {
  const clock = new FakeClock({ auto: true });
  return { host: new FakeActorHost({ clock, load: async (spec, actor) => predictor(spec, actor, () => ({}), clock) }), clock, devices, resources: { cpus: 16, gpus: 1, memory: 2 ** 33 } };
}

test("leaving in the middle of trying leaves no actor", async () => {
  for (let ms = 1; ms < 2000; ms += 97) {
    const stop = new AbortController();
    const { execution, host } = run(machine(), (device) => ({ ms: 3, ...(device === "wasm" ? { hangs: true } : {}) }), {}, { signal: stop.signal });
    const rows = rowsOf(execution).catch((error: unknown) => error);
    setTimeout(() => stop.abort(new ShoalError("aborted", "enough", { failure: "aborted" })), ms / 100);
    await rows;
    expect(host.alive).toBe(0);
  }
});
