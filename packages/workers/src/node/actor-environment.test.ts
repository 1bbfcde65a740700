import { expect, test } from "vitest";
import { actorEnvironment, bunActorEnvironment } from "./actor-environment.ts";

test("what the user has set stands, in Node", () => {
  expect(actorEnvironment({})).toEqual({ MALLOC_ARENA_MAX: "2", NODE_OPTIONS: "--max-semi-space-size=4" });
  expect(actorEnvironment({ MALLOC_ARENA_MAX: "8", NODE_OPTIONS: "--max_semi_space_size=16" })).toEqual({ MALLOC_ARENA_MAX: "8", NODE_OPTIONS: "--max_semi_space_size=16" });
});

test("an actor in Bun has TF32 switched off from its beginning, unless the user wants it", () => {
  expect(bunActorEnvironment({})).toEqual({ NVIDIA_TF32_OVERRIDE: "0" });
  expect(bunActorEnvironment({ NVIDIA_TF32_OVERRIDE: "1" })).toEqual({ NVIDIA_TF32_OVERRIDE: "1" });
});
