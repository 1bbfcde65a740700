// What the page and the worker that its agent lives in say to each other.
import type { AgentEvent } from "@shoal/cluster";
import type { ErrorData } from "@shoal/core";

/** The first message of the page. */
export interface BeginMessage {
  readonly kind: "begin";
  /** The link that the page was opened by, token included. */
  readonly link: string;
  /** The worker's own, and the same after a reload. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** The part of the time that it may compute, 0.25–1. */
  readonly dutyCycle: number;
  /** It begins nothing before `resume`. */
  readonly paused: boolean;
}

export type PageToAgent =
  | BeginMessage
  | { readonly kind: "pause" | "resume" }
  | { readonly kind: "duty-cycle"; readonly dutyCycle: number }
  | { readonly kind: "drain"; readonly why: string };

/** An {@link AgentEvent} whose errors are data, as a message carries them. */
export type AgentReport =
  | Exclude<AgentEvent, { readonly kind: "disconnected" } | { readonly kind: "ended" }>
  | { readonly kind: "disconnected"; readonly error: ErrorData; readonly retryMs?: number }
  | { readonly kind: "ended"; readonly error?: ErrorData };

export type AgentToPage = AgentReport | { readonly kind: "crashed"; readonly error: ErrorData };
