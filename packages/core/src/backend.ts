import type { DeviceProbe } from "./device.ts";
import type { ActorContext, DeclarativePredictorSpec, Predictor } from "./predictor.ts";

/** Loads declarative predictors with one library. Runs inside an actor; gets its sessions from {@link ActorContext.onnx}. */
export interface Backend {
  /** What specs call it: `"transformers"`, `"onnx"`. */
  readonly name: string;
  /** @throws a ShoalError that says what is missing and how to get it: the library, the model's files, the memory. */
  load(spec: DeclarativePredictorSpec, actor: ActorContext): Promise<Predictor>;
}

/** Runs ONNX models on the devices of one runtime. */
export interface OnnxRuntime {
  readonly name: string;
  /** Opens a loader for one actor. Disposing it ends its sessions and its thread. */
  open(actor: Pick<ActorContext, "device" | "deviceIndex" | "threads" | "signal" | "log">): Promise<{ readonly onnx: ActorContext["onnx"] } & AsyncDisposable>;
  /** Tries each device by creating a session on it; never throws for a device that does not work. */
  probe(): Promise<readonly DeviceProbe[]>;
}
