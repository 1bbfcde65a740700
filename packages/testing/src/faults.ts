import { columnValue, requireColumn, ShoalError, type ActorContext, type Block, type Clock, type Predictor } from "@shoal/core";

/** What may go wrong with a batch, and over which values of the column it reads. */
export interface Faults {
  /** The row is bad: any batch with it throws. */
  readonly bad?: (value: unknown) => boolean;
  /** The actor dies, for ever: whichever actor gets this row. */
  readonly deadly?: (value: unknown) => boolean;
  /** `predict` never returns. */
  readonly hangs?: (value: unknown) => boolean;
  /** More rows than this in one batch run out of memory. */
  readonly outOfMemoryAbove?: number;
  /** Asked once per batch: what befalls it whatever its rows are. */
  readonly chance?: () => "crash" | "device-lost" | "hang" | undefined;
  /** Time of one batch on the clock. */
  readonly batchMs?: (rows: number) => number;
}

/** Wraps a predictor so that it fails as told, in `predict`, by the values of column `column`. */
export function withFaults(predictor: Predictor, column: string, faults: Faults, actor: ActorContext, clock: Clock): Predictor {
  return {
    ...predictor,
    async predict(batch, signal) {
      const values = requireColumn(batch, column);
      const any = (test: ((value: unknown) => boolean) | undefined): boolean => {
        if (test === undefined) return false;
        for (let row = 0; row < batch.rows; row++) if (test(columnValue(values, row))) return true;
        return false;
      };
      const ms = faults.batchMs?.(batch.rows) ?? 0;
      if (ms > 0) await clock.sleep(ms, actor.signal);
      const struck = faults.chance?.();
      if (struck === "crash" || any(faults.deadly)) throw new ShoalError("worker-lost", "exit code 134", { failure: "worker-lost" });
      if (struck === "device-lost") throw new Error("The device is lost");
      if (struck === "hang" || any(faults.hangs)) await forever(actor.signal);
      if (batch.rows > (faults.outOfMemoryAbove ?? Infinity)) throw new Error(`Failed to allocate memory for ${batch.rows} rows: out of memory`);
      if (any(faults.bad)) throw new TypeError("a bad row");
      return await (predictor.predict(batch, signal) as Promise<Block>);
    },
  };
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
