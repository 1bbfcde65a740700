import type { Answers, Operation } from "@shoal/ort-sessions";

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
