// What the page and the worker that its agent lives in say to each other.
import type { AgentEvent } from "@shoal/cluster";
import type { ErrorData, ShoalError } from "@shoal/core";

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
  /** What the coordinator's people should know of this tab. */
  readonly notice?: string;
}

export type PageToAgent =
  | BeginMessage
  | { readonly kind: "pause" | "resume" }
  | { readonly kind: "duty-cycle"; readonly dutyCycle: number }
  /** As {@link BeginMessage.notice}; without one: nothing. */
  | { readonly kind: "notice"; readonly notice?: string }
  | { readonly kind: "drain"; readonly why: string };

/** An {@link AgentEvent} whose errors are data, as a message carries them. */
export type AgentReport = AsData<AgentEvent>;

type AsData<Event> = Event extends { readonly error?: ShoalError } ? Omit<Event, "error"> & { readonly [key in keyof Pick<Event, "error">]: ErrorData } : Event;

export type AgentToPage = AgentReport | { readonly kind: "crashed"; readonly error: ErrorData };
