import { ShoalError, type Resources } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { fitActors, type PoolRequest } from "./fit-actors.ts";

const machine: Resources = { cpus: 2, gpus: 0, memory: 8 * 2 ** 30 };
const pool = (change: Partial<PoolRequest> = {}): PoolRequest => ({ name: "sentiment", minActors: 1, maxActors: 1, numCpus: 1, numGpus: 0, memory: 0, ...change });

function refusal(pools: readonly PoolRequest[], resources: Resources): ShoalError {
  try {
    fitActors(pools, resources);
  } catch (error) {
    if (ShoalError.is(error)) return error;
  }
  throw new Error("it fitted");
}

describe("how many actors fit", () => {
  test("concurrency is a ceiling, and the rest is said", () => {
    expect(fitActors([pool({ minActors: 20, maxActors: 20 })], machine)).toMatchObject([{ minActors: 2, maxActors: 2, notice: "sentiment: 2 of 20 actors fit: 2 CPUs." }]);
  });

  test("5 CPUs each are 3 actors on 16", () => {
    expect(fitActors([pool({ minActors: 10, maxActors: 10, numCpus: 5 })], { ...machine, cpus: 16 })).toMatchObject([{ maxActors: 3, threads: 5 }]);
  });

  test("none is an error that names need, have, option and flag", () => {
    const error = refusal([pool({ numCpus: 5 })], machine);
    expect(error.code).toBe("resources-do-not-fit");
    expect(error.message).toMatch(/sentiment needs 5 CPUs .*numCpus: 5.*this run has 2 CPUs[\s\S]*--cpus/);
    expect(refusal([pool({ numGpus: 1 })], machine).message).toMatch(/needs 1 GPU.*no GPU[\s\S]*--gpus/);
    expect(refusal([pool({ memory: 2 ** 34 })], machine).message).toMatch(/16 GiB.*8 GiB[\s\S]*--memory/);
  });

  test("memory and GPUs bound too", () => {
    expect(fitActors([pool({ maxActors: 9, memory: 3 * 2 ** 30, numCpus: 0 })], machine)[0]).toMatchObject({ maxActors: 2, notice: "sentiment: 2 of 9 actors fit: 8 GiB of memory." });
    expect(fitActors([pool({ maxActors: 9, numGpus: 1, numCpus: 0 })], { ...machine, gpus: 4 })[0]).toMatchObject({ maxActors: 4, deviceIndexes: [0, 1, 2, 3] });
    expect(fitActors([pool({ maxActors: 4, numGpus: 0.5, numCpus: 0 })], { ...machine, gpus: 2 })[0]?.deviceIndexes).toEqual([0, 0, 1, 1]);
  });

  test("every pool gets an actor, whatever the others ask", () => {
    expect(fitActors([pool({ maxActors: 8 }), pool({ name: "embed", maxActors: 8 }), pool({ name: "rank" })], machine).map((fit) => fit.maxActors)).toEqual([1, 1, 1]);
    expect(fitActors([pool({ maxActors: 8 }), pool({ name: "embed", maxActors: 2 })], { ...machine, cpus: 5 }).map((fit) => fit.maxActors)).toEqual([4, 1]);
  });

  test("unless the memory can't hold one of each", () => {
    expect(refusal([pool({ memory: 5 * 2 ** 30 }), pool({ name: "embed", memory: 5 * 2 ** 30 })], machine).message).toContain("sentiment and embed needs 10 GiB");
  });

  test("threads are the cores shared by all actors", () => {
    expect(fitActors([pool({ maxActors: 2 })], { ...machine, cpus: 8 })[0]?.threads).toBe(4);
    expect(fitActors([pool({ maxActors: 3 })], machine)[0]?.threads).toBe(1);
  });

  test("two pools on GPUs do not share one while there are others", () => {
    const fits = fitActors([pool({ numGpus: 1, maxActors: 1 }), pool({ name: "embed", numGpus: 1, maxActors: 1 })], { ...machine, gpus: 2 });
    expect(fits.map((fit) => fit.deviceIndexes)).toEqual([[0], [1]]);
  });
});
