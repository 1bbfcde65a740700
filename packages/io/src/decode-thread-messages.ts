import type { ErrorData } from "@shoal/core";

/** What the starting side sends to a decode thread. */
export type ToThread =
  | { readonly kind: "start"; readonly job: string; readonly argument: unknown }
  /** One more output may be made. */
  | { readonly kind: "credit" }
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly kind: "input"; readonly value: unknown }
  | { readonly kind: "input-end" };

/** What a decode thread answers. */
export type FromThread =
  /** `last`: the job is done with it. */
  | { readonly kind: "output"; readonly value: unknown; readonly last?: true }
  /** Bytes of the file are needed: the thread itself opens nothing. */
  | { readonly kind: "read"; readonly id: number; readonly start: number; readonly end: number }
  /** The thread waits for the next input. */
  | { readonly kind: "wants-input" }
  | { readonly kind: "done" }
  /** `settled`: nothing of the job is still going on, so the thread can do another. */
  | { readonly kind: "failed"; readonly error: ErrorData; readonly settled: boolean };

/** Outputs that a thread may be ahead of its consumer. */
export const outputWindow = 2;

/** A file as seen from within a thread. */
export interface RemoteFile {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** What a job is given to work with. */
export interface ThreadPort {
  file(byteLength: number): RemoteFile;
  /** What the other side puts in, until it ends. */
  inputs(): AsyncIterable<unknown>;
  readonly sha256: Sha256;
}

/** SHA-256 of some bytes, in hex. */
export type Sha256 = (bytes: Uint8Array<ArrayBuffer>) => string | Promise<string>;

/** What a job gives: a value that can be cloned, and the buffers in it that move without a copy. */
export interface ThreadOutput {
  readonly value: unknown;
  readonly transfer?: readonly ArrayBuffer[];
  /** Nothing follows: that is said with it, which spares short jobs two of their four messages. */
  readonly last?: true;
}

export type ThreadJob = (argument: never, port: ThreadPort) => AsyncIterable<ThreadOutput>;

/** A thread for decode jobs, as a runtime offers it. It does one job after another, and one listener at a time hears it. */
export interface Thread {
  post(message: ToThread, transfer: readonly ArrayBuffer[]): void;
  /** @param failed it crashed, or ended by itself */
  listen(message: (message: FromThread) => void, failed: (error: unknown) => void): void;
  /** Whether it keeps the process alive. */
  hold(busy: boolean): void;
  end(): Promise<void>;
}
