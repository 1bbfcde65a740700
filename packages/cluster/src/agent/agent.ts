import type { ShoalError } from "@shoal/core";
import type { Channel } from "../connection/channel.ts";
import type { GatewayToWorker, SegmentMessage, WorkerToGateway } from "../connection/messages.ts";

/** Opens a connection to the coordinator. @throws when it can't be had now; the agent tries again, ever more slowly. */
export type Dial = (signal: AbortSignal) => Promise<Channel<WorkerToGateway, GatewayToWorker>>;

/** What an agent tells its surroundings: a terminal, a page. */
export type AgentEvent =
  | { readonly kind: "connecting" | "connected"; readonly coordinator?: string }
  | { readonly kind: "disconnected"; readonly error: ShoalError; readonly retryMs?: number }
  | { readonly kind: "job"; readonly segment: SegmentMessage }
  | { readonly kind: "loading"; readonly name: string; readonly doneBytes: number; readonly bytes: number }
  | { readonly kind: "computing"; readonly device: string }
  | { readonly kind: "progress"; readonly rows: number; readonly blocks: number; readonly rowsPerSecond: number }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "idle" | "paused" | "resumed" | "draining" }
  | { readonly kind: "ended"; readonly error?: ShoalError };

/** A worker at work. */
export interface Agent {
  /** Takes nothing more, gives back what has not begun, finishes what runs, and ends. */
  drain(why: string): Promise<void>;
  /** Begins no batch until `resume`. */
  pause(): void;
  resume(): void;
  /** Settles when it is over, by `drain`, by its signal, or by a coordinator that refuses it for good. */
  readonly ended: Promise<void>;
}
