import { systemClock } from "@shoal/core";
import { expect, test, vi } from "vitest";
import type { SchedulerEffect } from "../scheduler/index.ts";
import { SchedulerLoop } from "./scheduler-loop.ts";
import { Watchers } from "./snapshot/watchers.ts";

test("an effect that can't be performed is told of, and costs no other one", () => {
  const performed: SchedulerEffect[] = [];
  const mistakes: unknown[] = [];
  const loop = new SchedulerLoop({}, systemClock, (effect) => {
    if (effect.kind === "ask-for-blocks" && effect.segment === 0) throw new Error("a mistake");
    performed.push(effect);
  }, (error) => mistakes.push(error));
  const segment = { needs: { devices: [], memoryBytes: 0 }, divisible: true } as const;
  loop.tell({ kind: "job-submitted", spec: { job: "job", priority: 0, weight: 1, segments: [segment, segment] } });
  expect(mistakes).toMatchObject([{ message: "a mistake" }]);
  expect(performed).toMatchObject([{ kind: "ask-for-blocks", segment: 1 }]);
  // And it goes on.
  loop.tell({ kind: "job-submitted", spec: { job: "another", priority: 0, weight: 1, segments: [segment] } });
  expect(mistakes).toHaveLength(2);
  loop.stop();
});

test("a mistake of whoever is told of mistakes does not end the loop", () => {
  const performed: SchedulerEffect[] = [];
  const loop = new SchedulerLoop({}, systemClock, (effect) => {
    if (effect.kind === "ask-for-blocks" && effect.job === "job") throw new Error("a mistake");
    performed.push(effect);
  }, () => {
    throw new Error("a logger's");
  });
  const segments = [{ needs: { devices: [], memoryBytes: 0 }, divisible: true }] as const;
  expect(() => loop.tell({ kind: "job-submitted", spec: { job: "job", priority: 0, weight: 1, segments } })).toThrow("a logger's");
  loop.tell({ kind: "job-submitted", spec: { job: "another", priority: 0, weight: 1, segments } });
  expect(performed).toMatchObject([{ kind: "ask-for-blocks", job: "another" }]);
  loop.stop();
});

test("a watcher that throws keeps the others from nothing", async () => {
  const mistakes: unknown[] = [];
  const watchers = new Watchers(systemClock, 1, new AbortController().signal, (error) => mistakes.push(error));
  const told = vi.fn<() => void>();
  watchers.watch(() => {
    throw new Error("a mistake");
  });
  watchers.watch(told);
  watchers.changed();
  await vi.waitUntil(() => told.mock.calls.length === 1);
  expect(mistakes).toMatchObject([{ message: "a mistake" }]);
});
