import type { Answers, Operation } from "./operations.ts";

/** What the inner thread is asked. */
export interface ThreadRequest {
  readonly id: number;
  readonly operation: Operation;
}

export type ThreadReply =
  | { readonly id: number; readonly value: Answers[Operation["kind"]] }
  | { readonly id: number; readonly thrown: Thrown };

/** An error of the library as it crosses: the other side knows the model and makes a message of it. */
export interface Thrown {
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** An inner thread as its runtime has it. */
export interface SessionThread {
  post(request: ThreadRequest, transfer: ArrayBuffer[]): void;
  /** Whether the thread keeps its process alive, where there is one. */
  hold?(alive: boolean): void;
  terminate(): unknown;
}

/** Starts an inner thread. `lose` is told how it ended by itself. */
export type StartThread = (settle: (reply: ThreadReply) => void, lose: (how: string) => void) => SessionThread;
