import { definePredictor, range } from "shoal";

export const fragile = definePredictor<{ id: Int32Array }>()(import.meta, "fragile", {
  predict: async (batch) => {
    if (batch.id.includes(2)) process.kill(process.pid, "SIGKILL"); // as a native library that crashes
    if (batch.id.includes(3)) await new Promise(() => {}); // as one that hangs
    return batch;
  },
});

export default range(4).mapBatches(fragile, { timeoutMs: 500, maxAttempts: 2, onError: "skip" });
