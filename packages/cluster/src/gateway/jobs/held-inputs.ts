import { sliceBlock } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import type { TaskId } from "../../scheduler/index.ts";
import type { Committed } from "../results/commit-record.ts";

/** A block that a driver offered, and that is not done. */
export interface HeldBlock {
  readonly rows: number;
  /** What its rows are called, see `InputNames`. */
  readonly input: string;
  readonly payload: Uint8Array;
  /** The driver's connection that offered it last. */
  offeredBy: string;
  /** Its parts as blocks of their own, where it was split. */
  parts?: Map<string, Uint8Array>;
  /** What was committed for all of its rows together, as soon as that is known here. */
  committed?: Committed;
}

type Place = Pick<TaskId, "job" | "segment" | "block">;

/** The rows of blocks that are not done yet, in memory: asked for in such numbers that they have room. */
export class HeldInputs {
  /** Of each job, for each segment by number. */
  readonly #jobs = new Map<string, Map<number, HeldBlock>[]>();
  #bytes = 0;

  /** Of all blocks and their parts. */
  get bytes(): number {
    return this.#bytes;
  }

  countOf(job: string): number {
    return this.#jobs.get(job)?.reduce((sum, { size }) => sum + size, 0) ?? 0;
  }

  hold({ job, segment, block }: Place, held: Omit<HeldBlock, "parts" | "committed">): void {
    let segments = this.#jobs.get(job);
    if (segments === undefined) this.#jobs.set(job, (segments = []));
    while (segments.length <= segment) segments.push(new Map());
    const blocks = segments[segment] as Map<number, HeldBlock>;
    const known = blocks.get(block);
    // One that is offered again is the same one.
    if (known !== undefined) return void (known.offeredBy = held.offeredBy);
    this.#bytes += held.payload.byteLength;
    blocks.set(block, held);
  }

  get({ job, segment, block }: Place): HeldBlock | undefined {
    return this.#jobs.get(job)?.[segment]?.get(block);
  }

  /** Lets go of a block, and gives what it was. */
  take(place: Place): HeldBlock | undefined {
    const held = this.get(place);
    if (held === undefined) return undefined;
    this.#jobs.get(place.job)?.[place.segment]?.delete(place.block);
    this.#bytes -= bytesOf(held);
    return held;
  }

  forget(job: string): void {
    for (const blocks of this.#jobs.get(job) ?? []) for (const held of blocks.values()) this.#bytes -= bytesOf(held);
    this.#jobs.delete(job);
  }

  /** The rows of a task in Arrow IPC form: a whole block as it came, of one that was split the part. Undefined when it is not held. @throws `bad-block` */
  rowsOf(task: TaskId): Uint8Array | undefined {
    const held = this.get(task);
    if (held === undefined || (task.first === 0 && task.rows === held.rows)) return held?.payload;
    const key = `${task.first}+${task.rows}`;
    const parts = (held.parts ??= new Map());
    let part = parts.get(key);
    if (part === undefined) {
      part = encodeBlock(sliceBlock(decodeBlock(held.payload), task.first, task.first + task.rows));
      parts.set(key, part);
      this.#bytes += part.byteLength;
    }
    return part;
  }
}

function bytesOf({ payload, parts }: HeldBlock): number {
  let bytes = payload.byteLength;
  if (parts !== undefined) for (const part of parts.values()) bytes += part.byteLength;
  return bytes;
}
