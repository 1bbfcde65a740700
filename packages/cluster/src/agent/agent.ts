import type { ActorHost, Clock, DeclarativePredictorSpec, Devices, FailureClass, FileDownload, Resources, ShoalError } from "@shoal/core";
import type { Channel } from "../connection/channel.ts";
import type { CodeBundle, GatewayToWorker, ModelManifest, SegmentMessage, Welcome, WorkerToGateway, WorkerTraits } from "../connection/messages.ts";

/** Opens a connection to the coordinator. @throws when it can't be had now; the agent tries again, ever more slowly. */
export type Dial = (signal: AbortSignal) => Promise<Channel<WorkerToGateway, GatewayToWorker>>;

/** What an agent is given: the world outside of it. */
export interface AgentParts {
  readonly dial: Dial;
  /** Random, and the same when this worker comes again after a restart. */
  readonly name: string;
  readonly traits: WorkerTraits;
  /** Where its actors live. The agent closes its actors and not the host. */
  readonly host: ActorHost;
  readonly resources: Resources;
  /** What a segment with `device: "auto"` chooses from. Where it is one device alone, predictors that come as code get that one. */
  readonly devices: Devices;
  readonly clock: Clock;
  /** From 0 to 1, for waits of unlike length. */
  readonly random: () => number;
  /** Of an invite. Without one the connection itself is trusted, as one within a process. */
  readonly token?: string;
  /** Where the coordinator has the files of a model: what stands in the plan as `spec.model`. */
  readonly modelUrl: (model: ModelManifest, welcome: Welcome) => string;
  /** Fetches a model's files to where actors find them, and tells how many bytes are there. Without it, or where it does nothing, actors fetch for themselves. */
  readonly fetchModel?: (spec: DeclarativePredictorSpec, model: ModelManifest, tell: (doneBytes: number) => void, signal: AbortSignal) => Promise<void>;
  /** Whether a model may be loaded that did not come with its job, by what its predictor calls it: who brings a job must not read a lent machine's files through it. Default: any. */
  readonly takesModel?: (model: string) => boolean;
  /** A URL that actors can import the bundle by, once its SHA-256 was checked. Asked only where `traits.runsCode`. */
  readonly codeUrl?: (code: CodeBundle, welcome: Welcome) => string | Promise<string>;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: AgentEvent) => void;
  /** Its coordinator is in this very process, and gets blocks as they are. Default false: they are not kept beside their bytes. */
  readonly sharesProcess?: boolean;
  /** Bytes of results that wait to be settled; at more, it takes no leases. Default: an eighth of the memory, 256 MiB at most. */
  readonly maxHeldBytes?: number;
  /** See {@link Agent.setDutyCycle}. Default 1. */
  readonly dutyCycle?: number;
}

/** What an agent tells its surroundings: a terminal, a page. */
export type AgentEvent =
  | { readonly kind: "connecting" | "connected"; readonly coordinator?: string }
  | { readonly kind: "disconnected"; readonly error: ShoalError; readonly retryMs?: number }
  | { readonly kind: "job"; readonly segment: SegmentMessage }
  | { readonly kind: "job-ended"; readonly job: string }
  | { readonly kind: "loading"; readonly name: string; readonly doneBytes: number; readonly bytes: number }
  | { readonly kind: "computing"; readonly device: string }
  /** `underWay`: of the rows, those of blocks that are not finished; nobody else has them. */
  | { readonly kind: "progress"; readonly rows: number; readonly underWay?: number; readonly blocks: number; readonly rowsPerSecond: number }
  | { readonly kind: "failed"; readonly error: ShoalError }
  /** `failure`: of what kind was what happened, where something failed. */
  | { readonly kind: "notice"; readonly message: string; readonly failure?: FailureClass }
  /** A file comes over the network: how much of it is there. */
  | ({ readonly kind: "download" } & FileDownload)
  | { readonly kind: "idle" | "paused" | "resumed" }
  | { readonly kind: "draining"; readonly why: string; readonly blocks: number }
  | { readonly kind: "ended"; readonly error?: ShoalError };

/** A worker at work. */
export interface Agent {
  /** Takes nothing more, gives back what has not begun, finishes what runs, and ends. Settles as `ended` does. */
  drain(why: string): Promise<void>;
  /** Begins no block until `resume`, and gives back those that it has not begun. */
  pause(): void;
  resume(): void;
  /** The share of time to compute in, from 0.01 to 1: between blocks it rests for the others. @throws `bad-option` */
  setDutyCycle(share: number): void;
  /** What the coordinator's people should know of this worker, as in "the tab is hidden"; undefined: nothing. */
  setNotice(notice: string | undefined): void;
  /**
   * Settles when it is over, by `drain` or by its signal; its actors are gone then.
   * @throws the error of a coordinator that refuses it for good
   */
  readonly ended: Promise<void>;
}
