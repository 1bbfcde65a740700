import { definePredictor, ShoalError } from "@shoal/core";

type Numbers = { n: Float64Array };

export const double = definePredictor<Numbers>()(import.meta, "double", {
  setup: (actor) => {
    actor.log.info(`set up on ${actor.device}`);
    return actor;
  },
  predict: (batch, actor) => {
    actor.count("numbers", batch.n.length);
    return { ...batch, twice: batch.n.map((value) => 2 * value) };
  },
});

/** Predicts only once a second block has been prepared. */
export const meets = definePredictor<Numbers>()(import.meta, "meets", {
  setup: () => {
    let prepared = 0;
    let both = (): void => {};
    const met = new Promise<void>((resolve) => (both = resolve));
    return { met, prepare: () => void (++prepared === 2 && both()) };
  },
  preprocess: (batch, { prepare }) => {
    prepare();
    return batch;
  },
  predict: async (batch, { met }) => {
    await met;
    return batch;
  },
});

export const throws = definePredictor<Numbers>()(import.meta, "throws", {
  predict: (): Numbers => {
    throw new ShoalError("too-odd", "Seven is odd.", {
      failure: "bug", hint: "Give it eight.", details: { value: 7 }, cause: new TypeError("seven", { cause: new RangeError("prime") }),
    });
  },
});

export const throwsPlain = definePredictor<Numbers>()(import.meta, "throwsPlain", {
  predict: (): Numbers => {
    throw Object.assign(new Error("CUDA error: out of memory"), { code: "ERR_NATIVE" });
  },
});

export const failsToSetUp = definePredictor<Numbers>()(import.meta, "failsToSetUp", {
  setup: () => {
    throw new ShoalError("model-not-found", "There is no model here.", { hint: "Fetch it." });
  },
  predict: (batch) => batch,
});

export const neverLoads = definePredictor<Numbers>()(import.meta, "neverLoads", {
  setup: () => new Promise<void>(() => {}),
  predict: (batch) => batch,
});

/** Waits for its signal. */
export const waits = definePredictor<Numbers>()(import.meta, "waits", {
  predict: (batch, _state, { signal }) =>
    new Promise<Numbers>((resolve, reject) => {
      if (batch.n[0] === 0) return resolve(batch);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
});

/** Blocks its thread for ever. */
export const spins = definePredictor<Numbers>()(import.meta, "spins", {
  predict: (batch) => {
    for (;;) if (performance.now() < 0) return batch;
  },
});

export const exits = definePredictor<Numbers>()(import.meta, "exits", {
  predict: (batch) => {
    const { process } = globalThis as { process?: { exit(code: number): void } };
    process?.exit(134);
    return batch;
  },
});

export const diesLater = definePredictor<Numbers>()(import.meta, "diesLater", {
  predict: () => {
    setTimeout(() => {
      throw new Error("nobody catches this");
    });
    return new Promise<Numbers>(() => {});
  },
});
