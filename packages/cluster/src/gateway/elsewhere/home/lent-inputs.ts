import { blobRenewMs } from "../../blob-ages.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { putBlob } from "../../results/put-blob.ts";
import type { Lent } from "./stand-in.ts";

/** The rows of what is lent lie among the blobs, where whoever takes it finds them. */
export class LentInputs {
  readonly #state: GatewayState;
  /** When they were last put there, by what they are called. */
  readonly #stored = new Map<string, number>();
  readonly #storing = new Map<string, Promise<void>>();

  constructor(state: GatewayState) {
    this.#state = state;
  }

  /** Puts them there, if they were not lately. Once for all who ask meanwhile: parts of a block have the same rows. */
  store({ task, input }: Lent): Promise<void> {
    const held = this.#stored.has(input) ? undefined : this.#state.inputs.get(task);
    if (held === undefined) return Promise.resolve();
    let storing = this.#storing.get(input);
    if (storing === undefined) {
      storing = this.#put(task.job, input, held.payload).finally(() => this.#storing.delete(input));
      this.#storing.set(input, storing);
    }
    return storing;
  }

  isStored({ input }: Lent): boolean {
    return this.#stored.has(input);
  }

  /** They may be there no more. */
  forget({ input }: Lent): void {
    this.#stored.delete(input);
  }

  /** What was put there long ago is to be put again: else it is too old for collection to leave it. */
  mind(now: number): void {
    for (const [input, at] of this.#stored) if (now - at > blobRenewMs) this.#stored.delete(input);
  }

  async #put(job: string, input: string, payload: Uint8Array): Promise<void> {
    const { engine, clock, jobs, passing } = this.#state;
    // Rows that are named by their place are not those of a SHA-256.
    await (passing.areOf(jobs.get(job)) ? putBlob(engine.blobs, input, payload) : engine.blobs.put(input, payload));
    this.#stored.set(input, clock.now());
  }
}
