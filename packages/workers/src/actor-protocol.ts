import { arrowFor, ShoalError, unpackBlock, type ActorProgress, type ActorRequest, type Block, type BlockResult, type ErrorData, type FileDownload, type SentBlock } from "@shoal/core";

/** What a host tells an actor. */
export type ActorCommand =
  | { readonly kind: "spawn"; readonly request: ActorRequest; readonly argv?: readonly string[] }
  | { readonly kind: "process"; readonly call: number; readonly block: SentBlock }
  | { readonly kind: "abort"; readonly call: number; readonly reason: ErrorData }
  | { readonly kind: "dispose" };

/** What an actor tells its host. */
export type ActorEvent =
  | { readonly kind: "ready"; readonly device: string; readonly loadMs: number }
  | { readonly kind: "failed"; readonly error: ErrorData }
  | { readonly kind: "result"; readonly call: number; readonly block: SentBlock; readonly rest: BlockResultRest }
  | { readonly kind: "call-failed"; readonly call: number; readonly error: ErrorData }
  | { readonly kind: "progress"; readonly progress: ActorProgress }
  /** What the actor has locked, where its end is known by that. */
  | { readonly kind: "alive"; readonly lock: string }
  | { readonly kind: "heartbeat"; readonly memoryBytes?: number }
  | { readonly kind: "log"; readonly level: "debug" | "info" | "warn"; readonly message: string }
  | { readonly kind: "download"; readonly file: FileDownload }
  /** Last words of an actor that an uncaught error ends. */
  | { readonly kind: "dying"; readonly error: ErrorData }
  | { readonly kind: "disposed" };

export type BlockResultRest = Omit<BlockResult, "block">;

/** One end of the line between a host and an actor. Messages arrive whole and in order; none is lost while both ends live. */
export interface ActorChannel<Sent, Received> {
  /** Never throws because the other end is gone; throws when the message cannot be copied. `transfer`: buffers the sender gives up. */
  send(message: Sent, transfer?: readonly ArrayBuffer[]): void;
  /** Set once, before anything can have arrived. */
  onMessage(listener: (message: Received) => void): void;
  /** Settles when the other end is gone, with how it went: `exit code 134`, `SIGKILL`. */
  readonly closed: Promise<string>;
}

/** The host's end: it can also end the actor without asking it. */
export interface ActorLine extends ActorChannel<ActorCommand, ActorEvent> {
  /** At once, in the middle of anything. `closed` settles after it. */
  kill(): void;
}

/** Any error as data that every kind of channel can copy. */
export function errorData(error: unknown): ErrorData {
  try {
    return JSON.parse(JSON.stringify(ShoalError.from(error).toData())) as ErrorData;
  } catch {
    // Details that are no JSON, or causes that go in circles.
    const plain = ShoalError.from(error);
    return { code: plain.code, message: plain.message, ...(plain.failure === undefined ? {} : { failure: plain.failure }) };
  }
}

/**
 * A block as it came over a channel; a promise only where the code for Arrow has to be loaded first.
 * @throws `bad-channel`, `bad-block`
 */
export function receivedBlock(sent: SentBlock): Block | Promise<Block> {
  const values = "arrow" in sent ? [sent.arrow] : Object.values(sent.columns).map((column) => column.values);
  if (!values.every((each) => Array.isArray(each) || ArrayBuffer.isView(each))) {
    throw new ShoalError("bad-channel", "A block came over the channel with numbers that are no typed arrays.", { failure: "bug", hint: `Start the process with forkActor, or with fork(…, { serialization: "advanced" }).` });
  }
  const wait = arrowFor(sent);
  return wait === undefined ? unpackBlock(sent) : wait.then(() => unpackBlock(sent));
}
