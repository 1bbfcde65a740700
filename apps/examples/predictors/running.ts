import { definePredictor, range } from "shoal";

export const running = definePredictor<{ id: Int32Array }>()(import.meta, "running", {
  stateful: true,
  setup: () => ({ total: 0 }),
  predict: (batch, state) => ({ ...batch, total: Array.from(batch.id, (id) => (state.total += id)) }),
});

export default range(5).mapBatches(running, { batchSize: 2 });
