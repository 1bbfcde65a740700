import { ShoalError } from "@shoal/core";
import { ortWords } from "@shoal/ort-sessions/actor-side";

/** As much of a GPUDevice as is watched. */
export interface WatchedDevice extends EventTarget {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
}

const mappingFailed = /map_?async/i;

/** After a failure, how long to wait for the news that the device is gone, which comes later. */
const newsMs = 30;

/**
 * Looks after the one WebGPU device of a realm while operations run. A lost device leaves runs pending for ever, and may block the thread at
 * the next; out of memory is no rejection but an event, and the run ends well, with wrong numbers.
 */
export class GpuWatch {
  readonly #onLost = new Set<(error: ShoalError) => void>();
  #device: WatchedDevice | undefined;
  #lost: ShoalError | undefined;
  /** What the device said that nobody has been told yet. */
  #complaint: string | undefined;

  /** Why nothing runs on this realm's GPU any more: the library never recovers in it. */
  get lost(): ShoalError | undefined {
    return this.#lost;
  }

  watch(device: WatchedDevice): void {
    this.#device = device;
    void device.lost.then((info) => this.#lose(info));
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as Event & { readonly error: Error };
      // Its name is what tells memory from the rest.
      this.#complaint ??= error.constructor.name === "GPUOutOfMemoryError" ? `The GPU is out of memory: ${error.message}` : error.message;
    });
  }

  /**
   * Rejects as soon as the device is lost, whether the work settles or not; and when the device complained, be it of what ran before: what
   * downloads nothing may settle before the news of it, and what comes next builds on its numbers.
   * @param takeBack frees what the work left, whose result then reaches nobody.
   */
  async guard<T>(work: () => Promise<T>, takeBack?: (result: T) => Promise<void>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    let stop = (_error: ShoalError): void => {};
    const lost = new Promise<never>((_, reject) => {
      stop = reject;
      this.#onLost.add(stop);
    });
    try {
      const result = await Promise.race([work(), lost]);
      if (this.#complaint === undefined) return result;
      await Promise.race([takeBack?.(result), lost]);
      throw new Error(this.#complaint);
    } catch (error) {
      if (this.#device !== undefined) await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, newsMs))]);
      // After a failed download the next run would block the thread for ever.
      if (mappingFailed.test(String(error))) this.#lose({ reason: "unknown", message: ortWords(error) });
      if (this.lost !== undefined) throw this.lost;
      const complaint = this.#complaint;
      this.#complaint = undefined;
      // What the device said is nearer to the cause than what the library made of it.
      throw complaint === undefined ? error : new Error(complaint, { cause: error });
    } finally {
      this.#onLost.delete(stop);
    }
  }

  #lose({ reason, message }: { readonly reason: string; readonly message: string }): void {
    this.#lost = new ShoalError("device-lost", `webgpu was lost (${reason}): ${message.replace(/\.$/, "") || "the driver said no more"}.`, {
      failure: "device-lost", hint: "A new actor gets a new device. Use a smaller batch, or another device; if it comes again, look at the GPU's driver.", details: { device: "webgpu", reason },
    });
    for (const stop of this.#onLost) stop(this.#lost);
  }
}
