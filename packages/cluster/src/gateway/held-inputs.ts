import { decodeBlock, encodeBlock, sliceBlock } from "@shoal/core";
import type { TaskId } from "../scheduler/index.ts";

/** A block that a driver offered, and that is not done. */
export interface HeldBlock {
  readonly rows: number;
  /** SHA-256 of its bytes. */
  readonly input: string;
  readonly payload: Uint8Array;
  /** The driver's connection that offered it last. */
  readonly offeredBy: string;
  /** Its parts as blocks of their own, where it was split. */
  readonly parts: Map<string, Uint8Array>;
}

type Place = Pick<TaskId, "job" | "segment" | "block">;

/** The rows of blocks that are not done yet, in memory: asked for in such numbers that they have room. */
export class HeldInputs {
  readonly #jobs = new Map<string, Map<string, HeldBlock>>();
  #bytes = 0;

  /** Of all blocks and their parts. */
  get bytes(): number {
    return this.#bytes;
  }

  countOf(job: string): number {
    return this.#jobs.get(job)?.size ?? 0;
  }

  hold(place: Place, block: Omit<HeldBlock, "parts">): void {
    let blocks = this.#jobs.get(place.job);
    if (blocks === undefined) this.#jobs.set(place.job, (blocks = new Map()));
    const known = this.get(place);
    // One that is offered again is the same one.
    const held: HeldBlock = known === undefined ? { ...block, parts: new Map() } : { ...known, offeredBy: block.offeredBy };
    if (known === undefined) this.#bytes += block.payload.byteLength;
    blocks.set(keyOf(place), held);
  }

  get(place: Place): HeldBlock | undefined {
    return this.#jobs.get(place.job)?.get(keyOf(place));
  }

  /** Lets go of a block, and gives what it was. */
  take(place: Place): HeldBlock | undefined {
    const held = this.get(place);
    if (held === undefined) return undefined;
    this.#jobs.get(place.job)?.delete(keyOf(place));
    this.#bytes -= bytesOf(held);
    return held;
  }

  forget(job: string): void {
    for (const held of this.#jobs.get(job)?.values() ?? []) this.#bytes -= bytesOf(held);
    this.#jobs.delete(job);
  }

  /** The rows of a task in Arrow IPC form: a whole block as it came, of one that was split the part. Undefined when it is not held. @throws `bad-block` */
  rowsOf(task: TaskId): Uint8Array | undefined {
    const held = this.get(task);
    if (held === undefined || (task.first === 0 && task.rows === held.rows)) return held?.payload;
    const key = `${task.first}+${task.rows}`;
    let part = held.parts.get(key);
    if (part === undefined) {
      part = encodeBlock(sliceBlock(decodeBlock(held.payload), task.first, task.first + task.rows));
      held.parts.set(key, part);
      this.#bytes += part.byteLength;
    }
    return part;
  }
}

function keyOf({ segment, block }: Place): string {
  return `${segment}-${block}`;
}

function bytesOf({ payload, parts }: HeldBlock): number {
  let bytes = payload.byteLength;
  for (const part of parts.values()) bytes += part.byteLength;
  return bytes;
}
