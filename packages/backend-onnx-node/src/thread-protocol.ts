import type { OnnxPort, OnnxTensor, ResidentTensor } from "@shoal/core";
import type { ExecutionProvider } from "./execution-providers.ts";

/** What the inner thread is asked to do. One at a time. */
export type Operation =
  | { readonly kind: "load"; readonly model: string | Uint8Array; readonly settings: SessionSettings }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: Readonly<Record<string, OnnxTensor | ResidentTensor>>;
      readonly keep: readonly string[];
      readonly lastPosition: readonly string[];
    }
  | { readonly kind: "gather"; readonly session: number; readonly tensors: readonly number[]; readonly rows: readonly number[] }
  | { readonly kind: "free"; readonly tensors: readonly number[] }
  | { readonly kind: "release"; readonly session: number };

export interface SessionSettings {
  readonly executionProviders: readonly ExecutionProvider[];
  readonly intraOpThreads: number;
  readonly externalData: Readonly<Record<string, Uint8Array>>;
}

export interface LoadedSession {
  readonly session: number;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** What each operation answers. */
export interface Answers {
  readonly load: LoadedSession;
  readonly run: Readonly<Record<string, OnnxTensor | ResidentTensor>>;
  readonly gather: readonly ResidentTensor[];
  readonly free: undefined;
  readonly release: undefined;
}

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

export function isResident(tensor: OnnxTensor | ResidentTensor): tensor is ResidentTensor {
  return "resident" in tensor;
}
