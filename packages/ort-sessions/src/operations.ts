import type { InferenceSession } from "onnxruntime-common";
import type { OnnxFeeds, OnnxPort, OnnxTensor, PooledOutputs, ResidentTensor } from "@shoal/core";

/** What is asked of the sessions. Data that can cross threads; one at a time. */
export type Operation =
  | { readonly kind: "load"; readonly model: OrtModel; readonly settings: SessionSettings }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: OnnxFeeds;
      readonly keep: readonly string[];
      readonly lastPosition: readonly string[];
      readonly pooled?: PooledOutputs | undefined;
      readonly movesFeeds?: boolean;
    }
  | { readonly kind: "gather"; readonly session: number; readonly tensors: readonly number[]; readonly rows: readonly number[] }
  | { readonly kind: "free"; readonly tensors: readonly number[] }
  | { readonly kind: "release"; readonly session: number };

/**
 * A path, bytes, or what reads the bytes and those of the external data (which can't cross to a thread): it is called again when the
 * session must be made anew.
 */
export type OrtModel = string | Uint8Array | (() => Promise<ModelContent>);

export interface ModelContent {
  readonly bytes: Uint8Array;
  /** By the paths that the model names. */
  readonly externalData: Readonly<Record<string, Uint8Array>>;
}

/** How a session is made. */
export interface SessionSettings {
  /** One: there is no fallback from a provider that does not work to the next. */
  readonly executionProviders: readonly InferenceSession.ExecutionProviderConfig[];
  readonly intraOpThreads: number;
  /** Beside that which the model itself brings. */
  readonly externalData?: ModelContent["externalData"];
}

/** A session as others know it: its number, and what the model takes and gives. */
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
